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

/** Roles are the cluster's: those that are missing are made, or, after a failure, none. */
export async function createRoles(adminUrl: string, passwords: PostgresPasswords): Promise<void> {
  const script = fillVariables(await readFile(rolesSql, 'utf8'), passwords);
  await withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles WHERE rolname = ANY($1)', [postgresRoles]);
    const missing = withoutMade(script.split('\n'), /^CREATE ROLE (\w+)/, rows.map(({ rolname }) => rolname));
    // One simple query is one transaction.
    if (rows.length < postgresRoles.length) await client.query(missing.join('\n'));
  });
}

/** With the schemas that it does not have yet. */
export async function createDatabaseWithSchemas(adminUrl: string, name: string): Promise<void> {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`not a plain database name: ${name}`);
  await withClient(adminUrl, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${name}`);
  });
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const script = await readFile(schemasSql, 'utf8');
  await withClient(url.href, async (client) => {
    const { rows } = await client.query<{ nspname: string }>('SELECT nspname FROM pg_namespace');
    const parts = script.split('\n\n');
    const missing = withoutMade(parts, /^CREATE SCHEMA (\w+)/, rows.map(({ nspname }) => nspname));
    // The first part, on the database itself, may be said again.
    if (missing.length > 1) await client.query(missing.join('\n'));
  });
}

/** The parts of a script without those that make what is there: a data folder may be older than a service. */
const withoutMade = (parts: readonly string[], makes: RegExp, made: readonly string[]): string[] => parts.filter((part) => !made.includes(makes.exec(part)?.[1] ?? ''));

/** psql's `:'name'`, as a quoted literal. */
export function fillVariables(script: string, passwords: PostgresPasswords): string {
  return script.replace(/:'(\w+)_password'/g, (_, name: string) => {
    const role = postgresRoles.find((candidate) => candidate === name);
    if (role === undefined) throw new Error(`roles.sql asks for the password of an unknown role: ${name}`);
    return pg.escapeLiteral(passwords[role]);
  });
}
