import { EntitySchema } from 'typeorm';
import type { Heads } from '../contracts/log.ts';
import type { Database } from '../postgres/failures.ts';

/** One durable fact about a chat, as its owner stores it; the owner renders it for those who read the log. */
export interface LogRow {
  readonly chatId: string;
  readonly rev: number;
  readonly event: string;
  readonly payload: unknown;
}

/** Where a reader of the whole log stands: commit order is (xact, position), never position alone. */
export interface LogPosition {
  readonly xact: number;
  readonly position: number;
}

/** The table, for a service's list of entities. Migrations spell it out. */
export const chatLogEntity = (schema: string) =>
  new EntitySchema<LogRow & LogPosition & { at: Date }>({
    name: 'chat_log',
    tableName: 'chat_log',
    schema,
    columns: {
      chatId: { name: 'chat_id', type: 'uuid', primary: true, primaryKeyConstraintName: 'chat_log_pkey' },
      rev: { type: 'integer', primary: true, primaryKeyConstraintName: 'chat_log_pkey' },
      event: { type: 'text' },
      payload: { type: 'jsonb' },
      at: { type: 'timestamptz', default: () => 'now()' },
      // As TypeORM compares it: read back from Postgres, without the casts to text and bigint.
      xact: { type: 'bigint', default: () => '((pg_current_xact_id()))' },
      position: { type: 'bigint', generated: 'increment' },
    },
    indices: [{ name: 'chat_log_commit_order', columns: ['xact', 'position'] }],
  });

/**
 * The log of one owner. Invariant: per chat, `rev` is 1, 2, 3 … without a hole, since whoever appends holds the lock of
 * the chat's row, where the last `rev` stands, in the same transaction.
 */
export class ChatLog {
  readonly #table: string;

  constructor(schema: string) {
    this.#table = `"${schema}".chat_log`;
  }

  async append(transaction: Database, rows: readonly LogRow[]): Promise<void> {
    await transaction.query(
      `INSERT INTO ${this.#table} (chat_id, rev, event, payload)
       SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::jsonb[])`,
      [rows.map((row) => row.chatId), rows.map((row) => row.rev), rows.map((row) => row.event), rows.map((row) => JSON.stringify(row.payload))],
    );
  }

  /** Entries of one chat after `after`, in order. */
  read(database: Database, chatId: string, after: number, limit: number): Promise<LogRow[]> {
    return database.query(
      `/* read-log */ SELECT chat_id AS "chatId", rev, event, payload FROM ${this.#table} WHERE chat_id = $1 AND rev > $2 ORDER BY rev LIMIT $3`,
      [chatId, after, limit],
    );
  }

  heads(database: Database, chatIds: readonly string[]): Promise<Heads> {
    return database.query(
      `/* read-heads */ SELECT id AS "chatId", rev FROM unnest($1::uuid[]) AS id
       CROSS JOIN LATERAL (SELECT rev FROM ${this.#table} WHERE chat_id = id ORDER BY rev DESC LIMIT 1) AS head`,
      [chatIds],
    );
  }

  /** Where the entries of the last minute begin, or the last 20,000 of them. */
  async recently(database: Database): Promise<number> {
    const [row] = await database.query<{ since: number | null }>(
      `SELECT min(xact) AS since FROM (SELECT xact, at FROM ${this.#table} ORDER BY xact DESC, position DESC LIMIT 20000) AS recent
       WHERE at > now() - interval '1 minute'`,
    );
    return row?.since ?? Number.MAX_SAFE_INTEGER;
  }

  /** Heads of the chats with entries after `since`, and the end of what can be read safely: no later commit lands before it. */
  async headsSince(database: Database, since: number): Promise<{ heads: Heads; horizon: number }> {
    const rows = await database.query<{ chatId: string | null; rev: number | null; horizon: number }>(
      `SELECT head."chatId", head.rev, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon
       FROM (SELECT 1) AS one LEFT JOIN
         (SELECT chat_id AS "chatId", max(rev) AS rev FROM ${this.#table} WHERE xact >= $1 GROUP BY chat_id) AS head ON true`,
      [since],
    );
    const heads = rows.flatMap(({ chatId, rev }) => (chatId === null || rev === null ? [] : [{ chatId, rev }]));
    return { heads, horizon: rows[0]?.horizon ?? since };
  }

  /**
   * Entries of all chats after `after`, in commit order, for whoever follows the whole log from a cursor. Only below the
   * oldest transaction still under way: a sequence value is taken before COMMIT, so later rows may yet appear beyond it.
   */
  readAll(database: Database, after: LogPosition, limit: number): Promise<(LogRow & LogPosition)[]> {
    return database.query(
      `SELECT chat_id AS "chatId", rev, event, payload, xact, position FROM ${this.#table}
       WHERE (xact, position) > ($1, $2) AND xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
       ORDER BY xact, position LIMIT $3`,
      [after.xact, after.position, limit],
    );
  }
}
