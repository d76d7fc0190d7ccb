import { EntitySchema } from 'typeorm';
import { recordedTraceparent, type Trace } from '../telemetry/index.ts';
import type { Heads } from '../contracts/log.ts';
import type { Database } from '../postgres/failures.ts';

/** One entry of a chat's log, as its owner stores it. The owner renders it for readers. */
export interface LogRow {
  readonly chatId: string;
  readonly rev: number;
  readonly event: string;
  readonly payload: unknown;
  /** When it was appended, by the owner's Postgres; only of an entry that was read. */
  readonly at?: Date;
}

/** An entry with its position in the whole log. */
export interface PositionedRow extends LogRow, LogPosition {
  readonly at: Date;
  /** The trace of the request that appended it, if recorded. W3C Trace Context. */
  readonly traceparent: string | null;
}

/** A cursor in the whole log. Commit order is (xact, position), never position alone. */
export interface LogPosition {
  readonly xact: number;
  readonly position: number;
}

/** Before the first entry. */
export const LOG_START: LogPosition = { xact: 0, position: 0 };

const LOGGED =
  'log.chat_id AS "chatId", log.rev, log.event, log.payload, log.xact, log.position, log.at, log.traceparent';
const SETTLED = 'xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint';

/** The table, for a service's list of entities; migrations create it. */
export const chatLogEntity = (schema: string) =>
  new EntitySchema<PositionedRow>({
    name: 'chat_log',
    tableName: 'chat_log',
    schema,
    columns: {
      chatId: { name: 'chat_id', type: 'uuid', primary: true, primaryKeyConstraintName: 'chat_log_pkey' },
      rev: { type: 'integer', primary: true, primaryKeyConstraintName: 'chat_log_pkey' },
      event: { type: 'text' },
      payload: { type: 'jsonb' },
      at: { type: 'timestamptz', default: () => 'now()' },
      // As Postgres returns it, for TypeORM's comparison: without the casts to text and bigint.
      xact: { type: 'bigint', default: () => '((pg_current_xact_id()))' },
      position: { type: 'bigint', generated: 'increment' },
      traceparent: { type: 'text', nullable: true },
    },
    indices: [{ name: 'chat_log_commit_order', columns: ['xact', 'position'] }],
  });

/**
 * The log of one owner. Invariant: per chat, `rev` is 1, 2, 3 … without a gap. An append holds the lock of
 * the chat's row, which stores the last `rev`, in the same transaction.
 */
export class ChatLog {
  readonly #table: string;

  constructor(schema: string) {
    this.#table = `"${schema}".chat_log`;
  }

  async append(transaction: Database, rows: readonly LogRow[], cause?: Trace): Promise<void> {
    await transaction.query(
      `INSERT INTO ${this.#table} (chat_id, rev, event, payload, traceparent)
       SELECT *, $5::text FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::jsonb[])`,
      [
        rows.map((row) => row.chatId),
        rows.map((row) => row.rev),
        rows.map((row) => row.event),
        rows.map((row) => JSON.stringify(row.payload)),
        cause && recordedTraceparent(cause),
      ],
    );
  }

  /** Entries of one chat after `after`, in order. */
  read(database: Database, chatId: string, after: number, limit: number): Promise<LogRow[]> {
    return database.query(
      `/* read-log */ SELECT chat_id AS "chatId", rev, event, payload, at FROM ${this.#table} WHERE chat_id = $1 AND rev > $2 ORDER BY rev LIMIT $3`,
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

  /** The first transaction of the last minute's entries, or of the last 20,000 of them. */
  async recentStart(database: Database): Promise<number> {
    const [row] = await database.query<{ since: number | null }>(
      `SELECT min(xact) AS since FROM (SELECT xact, at FROM ${this.#table} ORDER BY xact DESC, position DESC LIMIT 20000) AS recent
       WHERE at > now() - interval '1 minute'`,
    );
    return row?.since ?? Number.MAX_SAFE_INTEGER;
  }

  /** Heads of the chats with entries since `since`, and the horizon: no later commit lands before it. */
  async headsSince(database: Database, since: number): Promise<{ heads: Heads; horizon: number }> {
    const rows = await database.query<{ chatId: string | null; rev: number | null; horizon: number }>(
      `SELECT head."chatId", head.rev, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon
       FROM (SELECT 1) AS one LEFT JOIN
         (SELECT chat_id AS "chatId", max(rev) AS rev FROM ${this.#table} WHERE xact >= $1 GROUP BY chat_id) AS head ON true`,
      [since],
    );
    const heads = rows.flatMap(({ chatId, rev }) =>
      chatId === null || rev === null ? [] : [{ chatId, rev }],
    );
    return { heads, horizon: rows[0]?.horizon ?? since };
  }

  /**
   * Entries of all chats after `after`, in commit order, for readers with a cursor. Returns only entries
   * below the oldest open transaction: a sequence value is assigned before COMMIT, so rows may still appear
   * above it.
   */
  readAll(database: Database, after: LogPosition, limit: number): Promise<PositionedRow[]> {
    return database.query(
      `SELECT ${LOGGED} FROM ${this.#table} AS log WHERE (xact, position) > ($1, $2) AND ${SETTLED} ORDER BY xact, position LIMIT $3`,
      [after.xact, after.position, limit],
    );
  }

  /** Entries of some kinds, each after its own position, up to `upTo`, in commit order. */
  readAllOf(
    database: Database,
    kinds: readonly (LogPosition & { readonly event: string })[],
    upTo: LogPosition,
    limit: number,
  ): Promise<PositionedRow[]> {
    return database.query(
      `SELECT entry.* FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS kind(event, xact, position) CROSS JOIN LATERAL (
         SELECT ${LOGGED} FROM ${this.#table} AS log
         WHERE log.event = kind.event AND (log.xact, log.position) > (kind.xact, kind.position) AND (log.xact, log.position) <= ($4, $5)
         ORDER BY log.xact, log.position LIMIT $6
       ) AS entry ORDER BY entry.xact, entry.position LIMIT $6`,
      [
        kinds.map(({ event }) => event),
        kinds.map(({ xact }) => xact),
        kinds.map(({ position }) => position),
        upTo.xact,
        upTo.position,
        limit,
      ],
    );
  }

  /** The last position that `readAll` would return now. */
  async end(database: Database): Promise<LogPosition> {
    const [last] = await database.query<LogPosition>(
      `SELECT xact, position FROM ${this.#table} WHERE ${SETTLED} ORDER BY xact DESC, position DESC LIMIT 1`,
    );
    return last ?? LOG_START;
  }
}
