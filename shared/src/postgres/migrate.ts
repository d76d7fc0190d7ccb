import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { Failure, type ErrorCode } from '../errors.ts';
import { toFailure } from './failures.ts';
import { createFloor, keepToMigrator, namesIn } from './schema-fit.ts';

/** Two migrators of the same schema take turns: the key of a session-level advisory lock, one per schema. */
const lockKey = (schema: string): string => `switchboard.migrate.${schema}`;

/**
 * Whoever waits for a table that is in use makes everybody after it wait as well, so a migration gives up before a send does,
 * and tries again.
 */
const LOCK_TIMEOUT_MS = 1_000;
const RETRY_MS = 2_000;

/**
 * Brings the schema up to date, under the migrator's role, while the service works on. Creates the schema where nobody
 * prepared it, which then takes a role that may. Resolves to the names of the migrations that were run, however long
 * Postgres is away at first or a table in use; `say` is told of every wait.
 */
export async function migrate(dataSource: DataSource, schema: string, say: (line: string) => void = () => undefined): Promise<string[]> {
  // A change of the schema takes as long as it takes.
  dataSource.setOptions({ extra: { keepAlive: true, lock_timeout: LOCK_TIMEOUT_MS } });
  await patiently(() => dataSource.initialize(), ['UNAVAILABLE', 'BUSY'], 'Postgres is not there, or full', say);
  const runner = dataSource.createQueryRunner();
  try {
    // So does another migrator's.
    await runner.query('SET lock_timeout = 0');
    await runner.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lockKey(schema)]);
    const prepared = await dataSource.query<unknown[]>('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
    if (prepared.length === 0) await runner.query(`CREATE SCHEMA "${schema}"`);
    await createFloor(runner, schema);
    const before = await namesIn(dataSource, schema, 'migration');
    await patiently(() => dataSource.runMigrations(), ['BUSY'], `a table of ${schema} is in use`, say);
    await keepToMigrator(dataSource, schema);
    return (await namesIn(dataSource, schema, 'migration')).filter((name) => !before.includes(name));
  } finally {
    await runner.release();
    await dataSource.destroy();
  }
}

/** Again and again while it fails in one of these ways. */
async function patiently(work: () => Promise<unknown>, codes: readonly ErrorCode[], what: string, say: (line: string) => void): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      const failure = toFailure(error);
      if (!(failure instanceof Failure) || !codes.includes(failure.code)) throw error;
      say(`${what}; trying again in ${(RETRY_MS / 1_000).toString()} s`);
      await sleep(RETRY_MS);
    }
  }
}
