import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Bus } from '@switchboard/shared/bus';
import {
  chatContracts,
  messageContracts,
  presenceContracts,
  webhookContracts,
  type RequestContract,
} from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { plainEnvironment } from '../../dev/processes/command.ts';
import { databases, folderOf, type ServiceName } from '../../dev/topology/names.ts';
import { root } from '../../dev/topology/paths.ts';
import {
  createDatabase,
  freePort,
  silent,
  startNats,
  waitFor,
  type TestDatabase,
  type TestNats,
} from '../helpers/index.ts';

// A service does not become ready when its schema is too old or too new, and says why.

const services: [name: ServiceName, ping: RequestContract, env: Record<string, string>][] = [
  ['chat-service', chatContracts.ping, {}],
  [
    'message-service',
    messageContracts.ping,
    { PUBLIC_URL: 'http://localhost', FILE_URL_SECRET: 'x'.repeat(32) },
  ],
  ['presence-service', presenceContracts.ping, {}],
  ['webhook-service', webhookContracts.ping, { WEBHOOK_KEY: 'x'.repeat(32), AMQP_URL: 'amqp://127.0.0.1:1' }],
];

let nats: TestNats;
let gateway: Bus;
beforeAll(async () => {
  nats = await startNats();
  gateway = await Bus.connect({ url: nats.url('gateway'), user: 'gateway', logger: silent });
});
afterAll(async () => {
  await gateway.close();
  await nats.stop();
});

const run = (name: ServiceName, program: 'main' | 'migrate', env: Record<string, string>): ChildProcess =>
  spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, folderOf(name), `src/${program}.ts`)],
    { env: { ...plainEnvironment(), LOG_LEVEL: 'silent', ...env }, stdio: 'ignore' },
  );

async function meetsItsSchema([name, ping, more]: (typeof services)[number]): Promise<void> {
  const { variable, service, migrator } = databases[name];
  const schema = service.replace('_service', '');
  const database: TestDatabase = await createDatabase();
  const children: ChildProcess[] = [];
  const port = await freePort();
  const start = (): ChildProcess => {
    const child = run(name, 'main', {
      ...more,
      [variable]: database.url(service),
      NATS_URL: nats.url(name),
      INTERNAL_PORT: String(port),
    });
    children.push(child);
    return child;
  };
  const readiness = async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}/readyz`)).json();
  const untilItSays = (what: RegExp): Promise<boolean> =>
    waitFor(async () => what.test(JSON.stringify(await readiness())), {
      what: `${name} to say ${what.source}`,
      timeoutMs: 20_000,
      everyMs: 50,
    });
  const isServed = (): Promise<boolean> =>
    gateway.forward(ping, {}, {}).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Failure && error.code === 'UNAVAILABLE') return false;
        throw error;
      },
    );

  try {
    const early = start();
    await untilItSays(/"missing":\["schema"\].*too old for this version: it lacks Init/);
    expect(await isServed()).toBe(false);
    const [code] = await once(run(name, 'migrate', { [variable]: database.url(migrator) }), 'exit');
    expect(code).toBe(0);
    await untilItSays(/"ready":true/);
    expect(await isServed()).toBe(true);

    const ended = once(early, 'exit');
    await database.query(`INSERT INTO ${schema}.schema_floor VALUES ('Later1900000000000')`);
    expect(await ended).toEqual([1, null]);
    const late = start();
    await untilItSays(
      /"missing":\["schema"\].*too new for this version: it needs one that knows Later1900000000000/,
    );
    expect(await isServed()).toBe(false);
    late.kill('SIGTERM');
    expect(await once(late, 'exit')).toEqual([0, null]);
  } finally {
    for (const child of children)
      if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
    await database.drop();
  }
}

// Concurrent, since most of the time is waiting.
it(`${services.map(([name]) => name).join(', ')}: each waits for its migrations, and ends when the schema becomes too new`, async () => {
  await Promise.all(services.map(meetsItsSchema));
}, 60_000);
