/**
 * `npm run try-images`: builds the image of each service and runs the system from the images. NATS and
 * Postgres run as in `npm start`, and RabbitMQ if it is installed. Every service and the gateway run in a
 * container with the restrictions of production. ENGINE names the engine; default: "podman --runtime runc".
 * If the base image cannot be pulled, see stand-in.sh.
 */
import {
  databases,
  folderOf,
  isService,
  programNames,
  type ProgramName,
} from '../../../dev/topology/names.ts';
import { natsUrl } from '../../../dev/processes/nats.ts';
import { databaseUrl } from '../../../dev/processes/postgres-setup.ts';
import { readSecrets } from '../../../dev/secrets.ts';
import { TestClient } from '../../e2e/client.ts';
import { canStartRabbit, freePort, mintToken, startSystem, waitFor } from '../../helpers/index.ts';
import { startPreparedRabbit } from '../../helpers/prepared-rabbit.ts';
import { Engine, type Container } from './engine.ts';

const engine = new Engine(process.env['ENGINE'] ?? 'podman --runtime runc');
const images = programNames.filter((name) => name !== 'webhook-service' || canStartRabbit);
const imageOf = (name: ProgramName): string => `switchboard/${name}:tried`;
const say = (line: string): void => {
  console.log(line);
};
const seconds = (since: number): string => `${((performance.now() - since) / 1_000).toFixed(1)} s`;

for (const name of images) {
  const begin = performance.now();
  await engine.build(folderOf(name), imageOf(name));
  say(`${name}: built in ${seconds(begin)}, ${Math.round((await engine.sizeOf(imageOf(name))) / 1e6)} MB`);
}

const rabbit = canStartRabbit ? await startPreparedRabbit() : undefined;
// Includes presence-service, so that Postgres starts; a second replica of it runs in a container.
const system = await startSystem({ only: 'presence-service' });
const containers: Container[] = [];
try {
  const secrets = readSecrets(system.dataDir);
  if (secrets === undefined) throw new Error('the system has no secrets');
  const processes = await system.processes();
  const portOf = (server: string): number =>
    Number(new URL(processes.find(({ name }) => name === server)?.url ?? '').port);
  const [natsPort, postgresPort, port] = [portOf('nats'), portOf('postgres'), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const ofItsOwn: Record<ProgramName, Record<string, string>> = {
    gateway: { JWT_SECRET: secrets.jwtSecret, PORT: String(port) },
    'chat-service': {},
    'message-service': { PUBLIC_URL: url, FILE_URL_SECRET: secrets.fileUrlSecret, FILES_DIR: '/files' },
    'presence-service': {},
    'webhook-service': { WEBHOOK_KEY: secrets.webhookKey },
  };

  for (const name of images.filter(isService)) {
    const { variable, migrator } = databases[name];
    say(
      await engine.job(
        imageOf(name),
        { [variable]: databaseUrl(migrator, secrets.postgres[migrator], postgresPort, 'switchboard') },
        'node',
        'src/migrate.ts',
      ),
    );
  }
  for (const name of images.toReversed()) {
    const internalPort = await freePort();
    const relays = name === 'chat-service' || name === 'message-service' || name === 'webhook-service';
    const env = {
      ...ofItsOwn[name],
      NATS_URL: natsUrl(name, secrets.nats, natsPort),
      INTERNAL_PORT: String(internalPort),
      INTERNAL_URL: `http://127.0.0.1:${internalPort}`,
      ...(isService(name)
        ? {
            [databases[name].variable]: databaseUrl(
              databases[name].service,
              secrets.postgres[databases[name].service],
              postgresPort,
              'switchboard',
            ),
          }
        : {}),
      ...(relays && rabbit !== undefined ? { AMQP_URL: rabbit.urlOf(name) } : {}),
    };
    const begin = performance.now();
    const container = await engine.start(
      `switchboard-try-${name}`,
      imageOf(name),
      env,
      name === 'message-service' ? '/files' : undefined,
    );
    containers.push(container);
    await waitFor(() => container.isHealthy(), {
      what: `${name} to be healthy`,
      timeoutMs: 30_000,
      everyMs: 200,
    });
    say(`${name}: healthy after ${seconds(begin)}, ${await container.exec('id')}`);
    await mustFail(container, 'touch', '/app/x');
    await mustFail(container, 'npm', '--version');
  }

  const owner = { id: 1, role: 'client', email: 'client@example.com' } as const;
  const authorization = `Bearer ${mintToken(secrets.jwtSecret, owner)}`;
  const opened = await fetch(`${url}/api/v1/chats`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: '{}',
  });
  const { id: chatId } = (await opened.json()) as { id: string };
  const form = new FormData();
  form.append('file', new Blob(['bytes']), 'a.txt');
  const uploaded = await fetch(`${url}/api/v1/files`, {
    method: 'POST',
    headers: { authorization },
    body: form,
  });
  const { id: fileId } = (await uploaded.json()) as { id: string };
  const read = await fetch(`${url}/api/v1/files/${fileId}`, { headers: { authorization } });
  if ((await read.text()) !== 'bytes')
    throw new Error(`reading the uploaded file failed: status ${read.status} (upload: ${uploaded.status})`);
  const client = await new TestClient(url, { token: mintToken(secrets.jwtSecret, owner) }).connected();
  await client.request('joinChat', chatId);
  const sent = await client.request('sendMessage', {
    chatId,
    message: { text: 'Hello from a container', fileId },
  });
  const received = await client.receives('newMessage');
  client.close();
  if (received.id !== sent.data.id) throw new Error('the received message is not the sent one');
  say(`a chat was opened, a file uploaded and read, a message sent and received: ${sent.event}`);

  for (const container of containers.toReversed()) {
    const { tookMs, exitCode } = await container.stop();
    say(`${container.name}: stopped in ${tookMs} ms, exit code ${exitCode}`);
    if (exitCode !== 0)
      throw new Error(`${container.name} did not stop in order:\n${await container.logs()}`);
  }
} catch (error) {
  for (const container of containers) say(`${container.name}:\n${await container.logs().catch(String)}`);
  throw error;
} finally {
  for (const container of containers) await container.remove();
  await system.stop();
  await rabbit?.stop();
}

async function mustFail(container: Container, ...command: readonly string[]): Promise<void> {
  const done = await container.exec(...command).then(
    () => true,
    () => false,
  );
  if (done) throw new Error(`${container.name}: ${command.join(' ')} succeeded but must fail`);
}
