import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { LaunchError } from './command.ts';
import { postgresRoles, type PostgresPasswords, type PostgresUser } from './names.ts';
import { rolesSql, schemasSql } from './paths.ts';

export const databaseUrl = (user: PostgresUser, password: string, port: number, database: string, host = '127.0.0.1'): string =>
  `postgres://${user}:${password}@${host}:${String(port)}/${database}`;

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A server that dies under an idle connection says so here; the next query says it to whoever asks.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Until the server takes logins. `giveUp` says, as a sentence, why waiting longer is pointless. */
export async function untilAccepting(url: string, giveUp: () => string | undefined): Promise<void> {
  for (;;) {
    const refusal = await withClient(url, async (client) => client.query('SELECT 1')).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (refusal === undefined) return;
    // 28P01: the folder was made with another password. Waiting does not change that.
    if (refusal instanceof pg.DatabaseError && refusal.code === '28P01') {
      throw new LaunchError('Postgres does not know the password in secrets.json: they are from different data folders.');
    }
    const reason = giveUp();
    if (reason !== undefined) throw new LaunchError(reason);
    await sleep(20);
  }
}

/** Roles are the cluster's: all of them are made, or, after a failure, none. */
export async function createRoles(adminUrl: string, passwords: PostgresPasswords): Promise<void> {
  const script = fillVariables(await readFile(rolesSql, 'utf8'), passwords);
  await withClient(adminUrl, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_roles WHERE rolname = ANY($1)', [postgresRoles]);
    // One simple query is one transaction.
    if (found.rowCount === 0) await client.query(script);
  });
}

export async function createDatabaseWithSchemas(adminUrl: string, name: string): Promise<void> {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`not a plain database name: ${name}`);
  const exists = await withClient(adminUrl, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${name}`);
    return found.rowCount !== 0;
  });
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const script = await readFile(schemasSql, 'utf8');
  await withClient(url.href, async (client) => {
    const found = exists ? await client.query("SELECT 1 FROM pg_namespace WHERE nspname = 'chat'") : undefined;
    if (!found?.rowCount) await client.query(script);
  });
}

/** psql's `:'name'`, as a quoted literal. */
export function fillVariables(script: string, passwords: PostgresPasswords): string {
  return script.replace(/:'(\w+)_password'/g, (_, name: string) => {
    const role = postgresRoles.find((candidate) => candidate === name);
    if (role === undefined) throw new Error(`roles.sql asks for the password of an unknown role: ${name}`);
    return pg.escapeLiteral(passwords[role]);
  });
}
