import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createGuard } from '../../dev/processes/guard.ts';
import { isProgram } from '../../dev/processes/on-path.ts';
import { postgresBinaries } from '../../dev/processes/postgres-binaries.ts';
import { databaseUrl, untilAccepting } from '../../dev/processes/postgres-setup.ts';
import { asServerUser } from '../../dev/processes/postgres.ts';
import { identify } from '../../dev/processes/process-identity.ts';
import { freePort } from './ports.ts';

const PASSWORD = 'superuser';
const NOBODY = 65534;
const DEBIAN = '/usr/lib/postgresql/15/bin';

/** The folder of Debian's postgresql-15, whose programs include psql and pg_dump. */
export const debianPostgres = isProgram(join(DEBIAN, 'postgres')) ? DEBIAN : undefined;
/** The folder of the Postgres that `npm start` runs. */
export const embeddedPostgres = (): string => dirname(postgresBinaries().postgres);

export interface PostgresServer {
  readonly port: number;
  /** Of the superuser, for the database `postgres`. */
  readonly adminUrl: string;
  stop(): Promise<void>;
}

/** Starts a new, empty server with the programs of this folder. It has no role but the superuser. */
export async function startPostgresServer(bin: string): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-postgres-'));
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordFile, PASSWORD);
  if (process.getuid?.() === 0)
    for (const path of [folder, data, passwordFile]) await chown(path, NOBODY, NOBODY);
  const initdb = asServerUser(join(bin, 'initdb'), [
    ...['--pgdata', data, '--username', 'postgres', '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    ...['--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
  ]);
  await promisify(execFile)(initdb.file, initdb.args, { env: initdb.env, cwd: '/' });

  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', `port=${String(port)}`, 'unix_socket_directories='];
  const command = asServerUser(join(bin, 'postgres'), [
    ...['-D', data],
    ...[...settings, 'fsync=off'].flatMap((setting) => ['-c', setting]),
  ]);
  const server = spawn(command.file, command.args, {
    env: command.env,
    cwd: '/',
    detached: true,
    stdio: 'ignore',
  });
  const guard = createGuard();
  const { pid } = server;
  if (pid !== undefined)
    guard.watch({ ...identify(pid), name: 'postgres', stage: 3, stopSignal: 'SIGQUIT', remove: folder });
  const adminUrl = databaseUrl('postgres', PASSWORD, port, 'postgres');
  await untilAccepting(adminUrl, () => (server.exitCode === null ? undefined : 'the test Postgres ended'));
  return {
    port,
    adminUrl,
    stop: async () => {
      const exited = server.exitCode === null ? once(server, 'exit') : undefined;
      server.kill('SIGQUIT');
      await exited;
      if (pid !== undefined) guard.forget(pid);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
