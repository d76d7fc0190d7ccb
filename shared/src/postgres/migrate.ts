import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { addressOf } from '../addresses.ts';
import { ConfigError } from '../config-error.ts';
import { Failure, type ErrorCode } from '../errors.ts';
import { urlVariableOf } from './data-source.ts';
import { reasonOf, toFailure } from './failures.ts';
import { migrationNames, replacePoolSettings, urlOf } from './internals/typeorm.ts';
import { becomeOwner, refusal } from './migration-rights.ts';
import { requireOwnSession } from './pooling.ts';
import { createFloor, hasFloor, keepToMigrator, namesIn } from './schema-fit.ts';
import { sessionWith } from './session.ts';

type Say = (line: string) => void;

/** Serializes the migrators of a schema: the key of a session-level advisory lock. */
const lockKey = (schema: string): string => `switchboard.migrate.${schema}`;

/**
 * A migration that waits for a table blocks all later statements on it, so it gives up before a send does.
 */
const LOCK_TIMEOUT_MS = 1_000;
const RETRY_MS = 2_000;
/** Attempts per line. */
const SAY_EVERY = 5;
const AGAIN = `trying again in ${(RETRY_MS / 1_000).toString()} s`;

/**
 * Migrates the schema under the role that owns it while the service runs. Creates a missing schema, for which
 * the role needs the right. A migrated schema needs no right but to read. Waits without a limit for Postgres,
 * other migrators and tables in use, and reports each wait to `say`. Resolves to the names of the migrations
 * it ran. Throws a ConfigError when another role or another way to Postgres is needed.
 */
export async function migrate(
  dataSource: DataSource,
  schema: string,
  say: Say = () => undefined,
): Promise<string[]> {
  // A migration has no time limit.
  const setUp = sessionWith({ lock_timeout: LOCK_TIMEOUT_MS });
  const onConnect = async (client: ClientBase): Promise<void> => {
    await setUp(client);
    await becomeOwner(client, schema);
  };
  replacePoolSettings(dataSource, { keepAlive: true, onConnect });
  const open = async (): Promise<void> => {
    await requireOwnSession(urlOf(dataSource), urlVariableOf(schema));
    await dataSource.initialize();
  };
  try {
    await retrying(open, ['UNAVAILABLE', 'BUSY'], 'Postgres is unavailable or full', say);
  } catch (error) {
    throw error instanceof ConfigError ? error : refusedConnection(urlOf(dataSource), schema, error);
  }
  try {
    return (await isMigrated(dataSource, schema)) ? [] : await runAlone(dataSource, schema, say);
  } catch (error) {
    throw (await refusal(dataSource, schema, error)) ?? error;
  } finally {
    await dataSource.destroy();
  }
}

/** Postgres refused the connection. Waiting does not help: the URL is wrong. */
const refusedConnection = (url: string, schema: string, error: unknown): ConfigError =>
  new ConfigError([
    `${urlVariableOf(schema)} (${addressOf(url)}): Postgres refuses the connection: ${reasonOf(error)}`,
  ]);

async function isMigrated(dataSource: DataSource, schema: string): Promise<boolean> {
  const applied = await namesIn(dataSource, schema, 'migration');
  if (!migrationNames(dataSource).every((name) => applied.includes(name))) return false;
  return hasFloor(dataSource, schema);
}

/** Runs the migrations while no other migrator of the schema works. */
async function runAlone(dataSource: DataSource, schema: string, say: Say): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    while (!(await tryLock(runner, schema))) {
      say(`another process migrates ${schema}; ${AGAIN}`);
      await sleep(RETRY_MS);
    }
    await createSchema(runner, schema);
    await createFloor(runner, schema);
    const before = await namesIn(dataSource, schema, 'migration');
    await retrying(() => dataSource.runMigrations(), ['BUSY'], `a table of ${schema} is in use`, say);
    await keepToMigrator(dataSource, schema);
    return (await namesIn(dataSource, schema, 'migration')).filter((name) => !before.includes(name));
  } finally {
    await runner.release();
  }
}

/** Does not wait in Postgres: a statement that waits there would hold up CREATE INDEX CONCURRENTLY. */
async function tryLock(runner: QueryRunner, schema: string): Promise<boolean> {
  const [row] = await runner.manager.query<{ locked: boolean }[]>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
    [lockKey(schema)],
  );
  return row?.locked === true;
}

async function createSchema(runner: QueryRunner, schema: string): Promise<void> {
  const found = await runner.manager.query<unknown[]>('SELECT 1 FROM pg_namespace WHERE nspname = $1', [
    schema,
  ]);
  if (found.length === 0) await runner.query(`CREATE SCHEMA "${schema}"`);
}

/** Repeats the work while it fails with one of these codes. */
async function retrying(
  work: () => Promise<unknown>,
  codes: readonly ErrorCode[],
  what: string,
  say: Say,
): Promise<void> {
  const since = new Date().toISOString();
  for (let attempt = 0; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      const failure = error instanceof ConfigError ? error : toFailure(error);
      if (!(failure instanceof Failure) || !codes.includes(failure.code)) throw error;
      if (attempt % SAY_EVERY === 0) say(`${what}: ${reasonOf(error)}; waiting since ${since}, ${AGAIN}`);
      await sleep(RETRY_MS);
    }
  }
}
