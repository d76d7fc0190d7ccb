import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { ConfigError } from '../config-error.ts';
import { destroySocket } from './internals/pg.ts';

/** Each round of a pooler in use may give both connections their own session by chance. */
const ROUNDS = 10;
const TIMEOUT_MS = 2_000;

/**
 * Throws a ConfigError when a pooler gives each transaction another session (PgBouncer: `pool_mode =
 * transaction` or `statement`). Time limits, prepared statements and the locks of leaders and migrations then
 * end up in the sessions of others. Other errors are those of connecting.
 */
export async function requireOwnSession(url: string, variable: string): Promise<void> {
  if (!(await sharesSessions(url))) return;
  throw new ConfigError([
    `${variable} leads through a pooler that gives each transaction another session. Use the pooler's ` +
      'session mode (PgBouncer: pool_mode = session) or a direct connection. See infra/docs/operations/poolers.md.',
  ]);
}

async function sharesSessions(url: string): Promise<boolean> {
  const first = clientFor(url);
  const second = clientFor(url);
  try {
    await Promise.all([first.connect(), second.connect()]);
    for (let round = 0; round < ROUNDS; round++) {
      const [mine, other] = [randomUUID(), randomUUID()];
      await mark(first, mine);
      await mark(second, other);
      if ((await markOf(first)) !== mine || (await markOf(second)) !== other) return true;
    }
    return false;
  } finally {
    for (const client of [first, second]) destroySocket(client);
  }
}

function clientFor(url: string): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'switchboard check of the pooler',
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  // `connect` and `query` reject with it as well.
  client.on('error', () => undefined);
  return client;
}

const mark = (client: pg.Client, value: string): Promise<unknown> =>
  client.query(`SELECT set_config('switchboard.session', '${value}', false)`);

async function markOf(client: pg.Client): Promise<string | null | undefined> {
  const { rows } = await client.query<{ mark: string | null }>(
    `SELECT current_setting('switchboard.session', true) AS mark`,
  );
  return rows[0]?.mark;
}
