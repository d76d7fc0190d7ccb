import type { ClientBase } from 'pg';

export type SessionSettings = Readonly<Record<string, string | number>>;

/**
 * Sets the settings of a new session by one statement. A pooler such as PgBouncer refuses them as startup
 * parameters. For `onConnect` of a pool: once per connection, not per statement.
 */
export const sessionWith =
  (settings: SessionSettings) =>
  async (client: ClientBase): Promise<void> => {
    const calls = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', false)`);
    await client.query(`SELECT ${calls.join(', ')}`);
  };
