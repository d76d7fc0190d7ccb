import type { DataSource } from 'typeorm';

/** Two migrators of the same schema take turns: the key of a session-level advisory lock, one per schema. */
const lockKey = (schema: string): string => `switchboard.migrate.${schema}`;

/**
 * Brings the schema up to date, under the migrator's role. Creates the schema where nobody prepared it, which then takes a
 * role that may. Returns the names of the migrations that were run.
 */
export async function migrate(dataSource: DataSource, schema: string): Promise<string[]> {
  // A change of the schema takes as long as it takes, and so does another migrator's.
  dataSource.setOptions({ extra: { keepAlive: true } });
  await dataSource.initialize();
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lockKey(schema)]);
    const prepared = await dataSource.query<unknown[]>('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
    if (prepared.length === 0) await runner.query(`CREATE SCHEMA "${schema}"`);
    const done = await dataSource.runMigrations();
    return done.map((migration) => migration.name);
  } finally {
    await runner.release();
    await dataSource.destroy();
  }
}
