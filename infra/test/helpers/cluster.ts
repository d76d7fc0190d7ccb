import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, readFile } from 'node:fs/promises';
import { closeSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGuard } from '../../dev/processes/guard.ts';
import { newPostgresPasswords } from '../../dev/passwords.ts';
import { createRoles, databaseUrl, untilAccepting } from '../../dev/processes/postgres-setup.ts';
import { initCluster, postgresCommand } from '../../dev/processes/postgres.ts';
import { identify } from '../../dev/processes/process-identity.ts';
import type { ClusterAddress } from './cluster-address.ts';
import { freePort } from './ports.ts';

export interface RunningCluster extends ClusterAddress {
  stop(): Promise<void>;
}

/**
 * One throwaway Postgres per test run. When the run is killed, the reaper stops it and deletes its folder.
 */
export async function startCluster(): Promise<RunningCluster> {
  const temporary = await mkdtemp(join(tmpdir(), 'switchboard-test-'));
  const guard = createGuard();
  const passwords = newPostgresPasswords();
  const cluster = { folder: join(temporary, 'postgres'), port: await freePort(), throwaway: true };
  await initCluster(cluster, passwords.postgres);
  const log = join(temporary, 'postgres.log');

  const server = spawnServer(cluster, log);
  if (server.pid !== undefined) {
    guard.watch({
      ...identify(server.pid),
      name: 'postgres',
      stage: 3,
      stopSignal: 'SIGQUIT',
      remove: temporary,
    });
  }
  const adminUrl = databaseUrl('postgres', passwords.postgres, cluster.port, 'postgres');
  const died = (): string | undefined =>
    server.exitCode === null ? undefined : `the test Postgres ended; see ${log}`;
  await untilAccepting(adminUrl, died).catch(async (error: unknown) => {
    throw new Error(await readFile(log, 'utf8').catch(() => 'no log'), { cause: error });
  });
  await createRoles(adminUrl, passwords);

  return {
    port: cluster.port,
    passwords,
    stop: async () => {
      const exited = server.exitCode === null ? once(server, 'exit') : undefined;
      // SIGQUIT skips the checkpoint: the data is thrown away.
      server.kill('SIGQUIT');
      await exited;
      if (server.pid !== undefined) guard.forget(server.pid);
      await rm(temporary, { recursive: true, force: true });
    },
  };
}

function spawnServer(cluster: Parameters<typeof postgresCommand>[0], log: string): ChildProcess {
  const { file, args, env } = postgresCommand(cluster);
  const output = openSync(log, 'a');
  const server = spawn(file, args, { env, cwd: '/', detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  return server;
}
