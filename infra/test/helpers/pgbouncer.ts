import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createGuard } from '../../dev/processes/guard.ts';
import { isProgram, programOnPath } from '../../dev/processes/on-path.ts';
import { identify } from '../../dev/processes/process-identity.ts';
import { postgresUsers, type PostgresUser } from '../../dev/topology/names.ts';
import { findCluster } from './cluster-address.ts';
import type { TestDatabase } from './database.ts';
import { freePort } from './ports.ts';
import { waitFor } from './wait-for.ts';

const DEBIAN = '/usr/sbin/pgbouncer';
/** PgBouncer refuses to run as root. */
const NOBODY = 65534;

export const pgBouncerProgram = isProgram(DEBIAN) ? DEBIAN : programOnPath('pgbouncer');

export interface TestPooler {
  readonly url: (role: PostgresUser) => string;
  stop(): Promise<void>;
}

/** Starts PgBouncer in front of the test run's Postgres, with its default settings but the mode. */
export async function startPgBouncer(
  mode: 'session' | 'transaction' | 'statement',
  database: TestDatabase,
): Promise<TestPooler> {
  if (pgBouncerProgram === undefined)
    throw new Error('no pgbouncer on this machine: apt-get install pgbouncer');
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-pgbouncer-'));
  const cluster = findCluster();
  const port = await freePort();
  const users = postgresUsers.map((user) => `"${user}" "${cluster.passwords[user]}"`);
  await writeFile(join(folder, 'users'), users.join('\n'));
  await writeFile(
    join(folder, 'pgbouncer.ini'),
    [
      '[databases]',
      `* = host=127.0.0.1 port=${String(cluster.port)}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${String(port)}`,
      'unix_socket_dir =',
      'auth_type = scram-sha-256',
      `auth_file = ${join(folder, 'users')}`,
      ...(mode === 'session' ? [] : [`pool_mode = ${mode}`]),
    ].join('\n'),
  );
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chown(folder, NOBODY, NOBODY);
  const child = spawn(pgBouncerProgram, ['-q', join(folder, 'pgbouncer.ini')], {
    stdio: 'ignore',
    detached: true,
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  const guard = createGuard();
  const { pid } = child;
  if (pid !== undefined)
    guard.watch({ ...identify(pid), name: 'pgbouncer', stage: 2, stopSignal: 'SIGQUIT', remove: folder });

  const url = (role: PostgresUser): string => {
    const through = new URL(database.url(role));
    through.port = String(port);
    return through.href;
  };
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      // Ends at once; SIGINT would wait for every client.
      child.kill('SIGTERM');
      await exited;
    }
    if (pid !== undefined) guard.forget(pid);
    await rm(folder, { recursive: true, force: true });
  };
  await waitFor(() => answers(url('chat_service')), { what: 'PgBouncer' }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, stop };
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 1_000 });
  client.on('error', () => undefined);
  await client.connect();
  await client.end();
  return true;
}
