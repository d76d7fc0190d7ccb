import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './command.ts';
import { stages, type Fleet } from './fleet.ts';
import { findNatsServer } from './nats-binary.ts';
import { natsCommand, natsGreets } from './nats.ts';
import { overridesFor } from '../overrides.ts';
import { createDatabaseWithSchemas, createRoles, databaseUrl, untilAccepting } from './postgres-setup.ts';
import { initCluster, postgresCommand } from './postgres.ts';
import type { Secrets } from '../secrets.ts';
import type { Supervised } from './supervisor.ts';

export async function startNats(
  fleet: Fleet,
  folder: string,
  port: number,
  secrets: Secrets,
  say: (line: string) => void,
): Promise<void> {
  const log = join(folder, 'logs/nats.log');
  const command = natsCommand(await findNatsServer(say), port, secrets.nats);
  const url = `nats://127.0.0.1:${String(port)}`;
  const nats = fleet.start({ ...command, name: 'nats', log, url, stage: stages.nats, stopSignal: 'SIGTERM' });
  while (!(await natsGreets(port))) {
    const reason = hopeless(nats, 'nats-server', log);
    if (reason !== undefined) throw new LaunchError(reason);
    await sleep(20);
  }
}

export async function startPostgres(
  fleet: Fleet,
  folder: string,
  port: number,
  secrets: Secrets,
): Promise<void> {
  const log = join(folder, 'logs/postgres.log');
  const cluster = { folder: join(folder, 'postgres'), port };
  await initCluster(cluster, secrets.postgres.postgres);
  const url = `postgres://127.0.0.1:${String(port)}`;
  const command = postgresCommand(cluster);
  // SIGINT is Postgres' fast shutdown: it ends sessions and writes a checkpoint.
  const postgres = fleet.start({
    ...command,
    env: { ...command.env, ...overridesFor('postgres') },
    name: 'postgres',
    log,
    url,
    stage: stages.postgres,
    stopSignal: 'SIGINT',
  });

  const adminUrl = databaseUrl('postgres', secrets.postgres.postgres, port, 'postgres');
  await untilAccepting(adminUrl, () => hopeless(postgres, 'Postgres', log));
  await createRoles(adminUrl, secrets.postgres);
  await createDatabaseWithSchemas(adminUrl, 'switchboard');
}

/**
 * Why to give up. A few failures are normal: after a kill -9, leftovers of the old server block the new one
 * briefly.
 */
const hopeless = ({ failures }: Supervised, name: string, log: string): string | undefined =>
  failures < 6 ? undefined : `${name} does not start. See ${log} for the reason.`;
