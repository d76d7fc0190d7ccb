import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { newSecret } from '../local/passwords.ts';
import { freePort } from './ports.ts';
import { startRabbit, type TestRabbit } from './rabbitmq.ts';

export const rabbitUsers = ['admin', 'chat-service', 'message-service', 'webhook-service'] as const;
export type RabbitUser = (typeof rabbitUsers)[number];
type Passwords = Record<RabbitUser, string>;

export interface PreparedRabbit extends TestRabbit {
  readonly managementUrl: string;
  urlOf(user: string, password?: string): string;
  passwordOf(user: RabbitUser): string;
  /** Takes over the definitions with another password for a user, as an operator does who rotates it. */
  rotate(user: RabbitUser): Promise<void>;
}

/** A real RabbitMQ with the users and the exchange of production, and the management. `url` is the administrator's. */
export async function startPreparedRabbit(): Promise<PreparedRabbit> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-definitions-'));
  const file = join(folder, 'definitions.json');
  const passwords: Passwords = { admin: newSecret(), 'chat-service': newSecret(), 'message-service': newSecret(), 'webhook-service': newSecret() };
  const writeDefinitions = async (): Promise<void> => { await writeFile(file, await printDefinitions(passwords), { mode: 0o600 }); };
  await writeDefinitions();
  const port = await freePort();
  const rabbit = await startRabbit({
    login: `admin:${passwords.admin}`,
    conf: [`load_definitions = ${file}`, 'management.tcp.ip = 127.0.0.1', `management.tcp.port = ${String(port)}`],
    plugins: ['rabbitmq_management'],
  });
  const { host } = new URL(rabbit.url);
  return {
    ...rabbit,
    managementUrl: `http://127.0.0.1:${String(port)}`,
    passwordOf: (user) => passwords[user],
    urlOf: (user, password = passwords[user as RabbitUser]) => `amqp://${user}:${password}@${host}`,
    rotate: async (user) => {
      passwords[user] = newSecret();
      await writeDefinitions();
      await rabbit.ctl('import_definitions', file);
    },
    stop: async () => {
      await rabbit.stop();
      await rm(folder, { recursive: true });
    },
  };
}

async function printDefinitions(passwords: Passwords): Promise<string> {
  const env = Object.fromEntries(Object.entries(passwords).map(([user, password]) => [`RABBITMQ_${user.toUpperCase().replace('-', '_')}_PASSWORD`, password]));
  return (await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../rabbitmq/definitions.mjs', import.meta.url))], { env })).stdout;
}
