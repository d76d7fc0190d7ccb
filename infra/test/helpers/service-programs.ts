import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { plainEnvironment } from '../../dev/processes/command.ts';
import { databases, folderOf, type ServiceName } from '../../dev/topology/names.ts';
import { root } from '../../dev/topology/paths.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a service's program with this database to its end. */
export async function runService(
  name: ServiceName,
  program: 'main' | 'migrate',
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const file = join(root, folderOf(name), `src/${program}.ts`);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    env: { ...plainEnvironment(), ...env, [databases[name].variable]: databaseUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      texts[stream] += text;
    });
  await once(child, 'close');
  return { code: child.exitCode, ...texts };
}

/** What each service needs to start, beside its database. */
export const neededBy: Readonly<Record<ServiceName, Readonly<Record<string, string>>>> = {
  'chat-service': {},
  'message-service': { PUBLIC_URL: 'http://localhost', FILE_URL_SECRET: 'x'.repeat(32) },
  'presence-service': {},
  'webhook-service': { WEBHOOK_KEY: 'x'.repeat(32), AMQP_URL: 'amqp://127.0.0.1:1' },
};
