import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { newSecret } from '../../dev/passwords.ts';
import { freePort } from './ports.ts';
import { startRabbit, type TestRabbit } from './rabbitmq.ts';

export type RabbitUser = 'admin' | 'chat-service' | 'message-service' | 'webhook-service';
type Passwords = Record<RabbitUser, string>;

export interface PreparedRabbit extends TestRabbit {
  readonly managementUrl: string;
  passwordOf(user: RabbitUser): string;
  urlOf(user: RabbitUser): string;
  /** Imports the definitions, with new passwords for the given users. */
  importDefinitions(passwords?: Partial<Passwords>): Promise<void>;
  /** Adds the user `analytics` by the commands of infra/deploy/rabbitmq/README.md. Returns its URL. */
  addConsumer(): Promise<string>;
}

/**
 * Starts a real RabbitMQ with production's users and exchange, and the management plugin. `url` is the
 * admin's.
 */
export async function startPreparedRabbit(): Promise<PreparedRabbit> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-definitions-'));
  const file = join(folder, 'definitions.json');
  const passwords: Passwords = {
    admin: newSecret(),
    'chat-service': newSecret(),
    'message-service': newSecret(),
    'webhook-service': newSecret(),
  };
  const writeDefinitions = async (): Promise<void> => {
    await writeFile(file, await printDefinitions(passwords), { mode: 0o600 });
  };
  await writeDefinitions();
  const port = await freePort();
  const rabbit = await startRabbit({
    login: `admin:${passwords.admin}`,
    conf: [
      `load_definitions = ${file}`,
      'management.tcp.ip = 127.0.0.1',
      `management.tcp.port = ${String(port)}`,
    ],
    plugins: ['rabbitmq_management'],
  });
  const urlOf = (user: string, password: string): string =>
    `amqp://${user}:${password}@${new URL(rabbit.url).host}`;
  return {
    ...rabbit,
    managementUrl: `http://127.0.0.1:${String(port)}`,
    passwordOf: (user) => passwords[user],
    urlOf: (user) => urlOf(user, passwords[user]),
    importDefinitions: async (changed = {}) => {
      Object.assign(passwords, changed);
      await writeDefinitions();
      await rabbit.ctl('import_definitions', file);
    },
    addConsumer: async () => {
      const password = newSecret();
      for (const [command = '', ...args] of await documentedCommands())
        await rabbit.ctl(command, ...args, ...(command === 'add_user' ? [password] : []));
      return urlOf('analytics', password);
    },
    stop: async () => {
      await rabbit.stop();
      await rm(folder, { recursive: true });
    },
  };
}

async function printDefinitions(passwords: Passwords): Promise<string> {
  const env = Object.fromEntries(
    Object.entries(passwords).map(([user, password]) => [
      `RABBITMQ_${user.toUpperCase().replace('-', '_')}_PASSWORD`,
      password,
    ]),
  );
  return (
    await promisify(execFile)(
      process.execPath,
      [fileURLToPath(new URL('../../deploy/rabbitmq/definitions.mjs', import.meta.url))],
      { env },
    )
  ).stdout;
}

/** The arguments of each `rabbitmqctl` command in the README, split as a shell does. */
async function documentedCommands(): Promise<string[][]> {
  const readme = await readFile(new URL('../../deploy/rabbitmq/README.md', import.meta.url), 'utf8');
  return [...readme.matchAll(/^rabbitmqctl (.+)$/gm)].map(([, line = '']) =>
    [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''),
  );
}
