import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { databaseWork } from './failures.ts';
import { migrationNames } from './internals/typeorm.ts';

/**
 * Migrations expand first and contract later (Sato, "Parallel Change"): a migration removes something only
 * after the last version that needs it is gone. A contracting migration writes here the name of the
 * migration that a process must know.
 */
const FLOOR = 'schema_floor';
const CHECK_EVERY_MS = 2_000;

/** Not a migration: the table exists before the first one, as TypeORM's own table does. */
export const createFloor = (runner: QueryRunner, schema: string): Promise<unknown> =>
  runner.query(
    `CREATE TABLE IF NOT EXISTS "${schema}".${FLOOR} (name text CONSTRAINT ${FLOOR}_pkey PRIMARY KEY)`,
  );

/** Only the migrator writes these tables: revokes the write rights that the service has by default. */
export async function keepToMigrator(dataSource: DataSource, schema: string): Promise<void> {
  const tables = ['migration', FLOOR];
  const grants = await dataSource.query<{ grantee: string; table: string }[]>(
    `SELECT DISTINCT grantee, table_name AS table FROM information_schema.role_table_grants
     WHERE table_schema = $1 AND table_name = ANY ($2) AND grantee <> current_user AND privilege_type IN ('INSERT', 'UPDATE', 'DELETE')`,
    [schema, tables],
  );
  for (const { grantee, table } of grants)
    await dataSource.query(`REVOKE INSERT, UPDATE, DELETE ON "${schema}".${table} FROM "${grantee}"`);
}

/**
 * For the first line of a migration that removes or narrows something. `migration` is the one with which
 * the code stopped using the removed part. From COMMIT on, a process that does not know it is too old and
 * stops serving.
 */
export const raiseFloor = (runner: QueryRunner, schema: string, migration: string): Promise<unknown> =>
  runner.query(`INSERT INTO "${schema}".${FLOOR} (name) VALUES ($1) ON CONFLICT DO NOTHING`, [migration]);

/**
 * Why the schema does not fit this process, for the log; undefined when it fits. Throws UNAVAILABLE or
 * BUSY.
 */
export async function schemaMismatch(dataSource: DataSource, schema: string): Promise<string | undefined> {
  const known = migrationNames(dataSource);
  const applied = await namesIn(dataSource, schema, 'migration');
  const missing = known.filter((name) => !applied.includes(name));
  if (missing.length > 0)
    return `the schema ${schema} is too old for this version: it lacks ${missing.join(', ')}; run this version's migrations`;
  const required = (await namesIn(dataSource, schema, FLOOR)).filter((name) => !known.includes(name));
  if (required.length > 0)
    return `the schema ${schema} is too new for this version: it needs one that knows ${required.join(', ')}; deploy a later version`;
  return undefined;
}

/** The names in one of the two tables; empty when it does not exist yet. */
export const namesIn = (
  dataSource: DataSource,
  schema: string,
  table: 'migration' | typeof FLOOR,
): Promise<string[]> =>
  databaseWork(async () => {
    if (!(await hasTable(dataSource, schema, table))) return [];
    const rows = await dataSource.query<{ name: string }[]>(
      `SELECT name FROM "${schema}".${table} ORDER BY right(name, 13)`,
    );
    return rows.map(({ name }) => name);
  });

export const hasFloor = (dataSource: DataSource, schema: string): Promise<boolean> =>
  databaseWork(() => hasTable(dataSource, schema, FLOOR));

async function hasTable(dataSource: DataSource, schema: string, table: string): Promise<boolean> {
  const [there] = await dataSource.query<{ there: boolean }[]>(
    'SELECT to_regclass($1) IS NOT NULL AS there',
    [`"${schema}".${table}`],
  );
  return there?.there === true;
}

/** Resolves with the reason once the schema stops fitting; with undefined when the pool closes first. */
export async function untilSchemaMismatch(
  dataSource: DataSource,
  schema: string,
): Promise<string | undefined> {
  let why: string | undefined;
  while (why === undefined && dataSource.isInitialized) {
    await sleep(CHECK_EVERY_MS, undefined, { ref: false });
    why = await schemaMismatch(dataSource, schema).catch(() => undefined);
  }
  return why;
}
