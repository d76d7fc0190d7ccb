import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { LaunchError } from './command.ts';
import { postgresRoles, type PostgresPasswords, type PostgresUser } from '../topology/names.ts';
import { rolesSql, schemasSql } from '../topology/paths.ts';

export const databaseUrl = (
  user: PostgresUser,
  password: string,
  port: number,
  database: string,
  host = '127.0.0.1',
): string => `postgres://${user}:${password}@${host}:${String(port)}/${database}`;

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // An idle connection reports the server's death here; the next query then rejects with it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Waits until the server accepts logins. `giveUp` returns a sentence when waiting longer is pointless. */
export async function untilAccepting(url: string, giveUp: () => string | undefined): Promise<void> {
  for (;;) {
    const refusal = await withClient(url, async (client) => client.query('SELECT 1')).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (refusal === undefined) return;
    // 28P01: the folder was created with another password, so waiting does not help.
    if (refusal instanceof pg.DatabaseError && refusal.code === '28P01') {
      throw new LaunchError(
        'Postgres refuses the password in secrets.json: they are from different data folders. ' +
          'Restore the matching secrets.json, or choose another DATA_DIR.',
      );
    }
    const reason = giveUp();
    if (reason !== undefined) throw new LaunchError(reason);
    await sleep(20);
  }
}

/** Creates the cluster's missing roles: all of them, or, after a failure, none. */
export async function createRoles(adminUrl: string, passwords: PostgresPasswords): Promise<void> {
  const script = fillVariables(await readFile(rolesSql, 'utf8'), passwords);
  await withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ rolname: string }>(
      'SELECT rolname FROM pg_roles WHERE rolname = ANY($1)',
      [postgresRoles],
    );
    const missing = withoutMade(
      script.split('\n'),
      rows.map(({ rolname }) => rolname),
    );
    // Postgres runs one simple query in one transaction.
    if (rows.length < postgresRoles.length) await client.query(missing.join('\n'));
  });
}

/** Creates the database if it is missing, and its missing schemas. */
export async function createDatabaseWithSchemas(adminUrl: string, name: string): Promise<void> {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`not a plain database name: ${name}`);
  await withClient(adminUrl, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${name}`);
  });
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const script = await readFile(schemasSql, 'utf8');
  // Running it again adds the schema of a service that is newer than the data folder.
  await withClient(url.href, (client) => client.query(script));
}

/** Drops the lines that create existing roles: a data folder may be older than a service. */
const withoutMade = (lines: readonly string[], made: readonly string[]): string[] =>
  lines.filter((line) => !made.includes(/^CREATE ROLE (\w+)/.exec(line)?.[1] ?? ''));

/** Replaces psql's `:'name'` by a quoted literal. */
export function fillVariables(script: string, passwords: PostgresPasswords): string {
  return script.replace(/:'(\w+)_password'/g, (_, name: string) => {
    const role = postgresRoles.find((candidate) => candidate === name);
    if (role === undefined) throw new Error(`roles.sql names the password of an unknown role: ${name}`);
    return pg.escapeLiteral(passwords[role]);
  });
}
