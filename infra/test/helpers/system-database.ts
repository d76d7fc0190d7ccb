import pg from 'pg';
import type { PostgresUser } from '../../dev/topology/names.ts';
import { databaseUrl, withClient } from '../../dev/processes/postgres-setup.ts';
import { readSecrets } from '../../dev/secrets.ts';
import type { TestSystem } from './system.ts';

/** The URL of a system's own database, bypassing every proxy. */
export async function urlOf(system: TestSystem, user: PostgresUser): Promise<string> {
  const url = (await system.processes()).find(({ name }) => name === 'postgres')?.url ?? '';
  return databaseUrl(
    user,
    readSecrets(system.dataDir)?.postgres[user] ?? '',
    Number(new URL(url).port),
    'switchboard',
  );
}

export type SystemDatabase = pg.Pool;

/** One connection to the database as the superuser, for tests that ask often. The caller ends it. */
export const openDatabase = async (system: TestSystem): Promise<SystemDatabase> =>
  new pg.Pool({ connectionString: await urlOf(system, 'postgres'), max: 1 });

/** Runs `work` on the database as the superuser. */
export const withDatabase = async <Result>(
  system: TestSystem,
  work: Parameters<typeof withClient<Result>>[1],
): Promise<Result> => withClient(await urlOf(system, 'postgres'), work);
