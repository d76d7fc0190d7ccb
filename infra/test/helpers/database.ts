import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createDatabaseWithSchemas, databaseUrl, withClient } from '../../dev/processes/postgres-setup.ts';
import type { PostgresUser } from '../../dev/topology/names.ts';
import { findCluster } from './cluster-address.ts';

export interface TestDatabase {
  name: string;
  url(role: PostgresUser): string;
  /** Runs as the superuser: for inspection, not for testing permissions. */
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    sql: string,
    params?: unknown[],
  ): Promise<pg.QueryResult<Row>>;
  drop(): Promise<void>;
}

/** Creates a database with the empty schema of every service, in the cluster of the test run. */
export async function createDatabase(): Promise<TestDatabase> {
  const { port, passwords } = findCluster();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const url = (role: PostgresUser): string => databaseUrl(role, passwords[role], port, name);
  const adminUrl = databaseUrl('postgres', passwords.postgres, port, 'postgres');
  await createDatabaseWithSchemas(adminUrl, name);

  const pool = new pg.Pool({
    connectionString: url('postgres'),
    max: 4,
    idleTimeoutMillis: 1_000,
    allowExitOnIdle: true,
  });
  // `drop` makes the server close connections.
  pool.on('error', () => undefined);
  return {
    name,
    url,
    query: (sql, params) => pool.query(sql, params),
    drop: async () => {
      await pool.end();
      await withClient(adminUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}
