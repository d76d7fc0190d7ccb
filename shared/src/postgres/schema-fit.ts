import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { guarded } from './failures.ts';

/**
 * Migrations expand first and contract later (Sato, "Parallel Change"): what an earlier version needs is removed only once
 * nobody runs it any more. A migration that contracts says from which migration on a process can do without, here.
 */
const FLOOR = 'schema_floor';
const LOOK_EVERY_MS = 2_000;

/** Belongs to the mechanism, as the table of migrations does to TypeORM. */
export const createFloor = (runner: QueryRunner, schema: string): Promise<unknown> =>
  runner.query(`CREATE TABLE IF NOT EXISTS "${schema}".${FLOOR} (name text CONSTRAINT ${FLOOR}_pkey PRIMARY KEY)`);

/** What a schema is, only migrations say: whoever may write rows by default may not write these. */
export async function keepToMigrator(dataSource: DataSource, schema: string): Promise<void> {
  const tables = ['migration', FLOOR];
  const grants = await dataSource.query<{ grantee: string; table: string }[]>(
    `SELECT DISTINCT grantee, table_name AS table FROM information_schema.role_table_grants
     WHERE table_schema = $1 AND table_name = ANY ($2) AND grantee <> current_user AND privilege_type IN ('INSERT', 'UPDATE', 'DELETE')`, [schema, tables]);
  for (const { grantee, table } of grants) await dataSource.query(`REVOKE INSERT, UPDATE, DELETE ON "${schema}".${table} FROM "${grantee}"`);
}

/**
 * For the first line of a migration that removes or narrows something: from its COMMIT on, a process that does not know
 * `migration`, the one with which its code stopped using what goes, is too old for the schema and serves nobody.
 */
export const raiseFloor = (runner: QueryRunner, schema: string, migration: string): Promise<unknown> =>
  runner.query(`INSERT INTO "${schema}".${FLOOR} (name) VALUES ($1) ON CONFLICT DO NOTHING`, [migration]);

/** Why this process cannot work with the schema as it is, for a person; undefined when it can. Throws UNAVAILABLE or BUSY. */
export async function misfit(dataSource: DataSource, schema: string): Promise<string | undefined> {
  const known = dataSource.migrations.map(({ name, constructor }) => name ?? constructor.name);
  const applied = await namesIn(dataSource, schema, 'migration');
  const lacks = known.filter((name) => !applied.includes(name));
  if (lacks.length > 0) return `the schema ${schema} is too old for this version: it lacks ${lacks.join(', ')}; run this version's migrations`;
  const asks = (await namesIn(dataSource, schema, FLOOR)).filter((name) => !known.includes(name));
  if (asks.length > 0) return `the schema ${schema} is too new for this version: it needs one that knows ${asks.join(', ')}; deploy a later version`;
  return undefined;
}

/** Empty where there is no such table yet. */
export const namesIn = (dataSource: DataSource, schema: string, table: 'migration' | typeof FLOOR): Promise<string[]> => guarded(async () => {
  const [there] = await dataSource.query<{ there: boolean }[]>('SELECT to_regclass($1) IS NOT NULL AS there', [`"${schema}".${table}`]);
  if (there?.there !== true) return [];
  const rows = await dataSource.query<{ name: string }[]>(`SELECT name FROM "${schema}".${table} ORDER BY right(name, 13)`);
  return rows.map(({ name }) => name);
});

/** Resolves, with why, once a schema that fitted does so no longer; with nothing when the pool is closed before. */
export async function untilMisfit(dataSource: DataSource, schema: string): Promise<string | undefined> {
  let why: string | undefined;
  while (why === undefined && dataSource.isInitialized) {
    await sleep(LOOK_EVERY_MS, undefined, { ref: false });
    why = await misfit(dataSource, schema).catch(() => undefined);
  }
  return why;
}
