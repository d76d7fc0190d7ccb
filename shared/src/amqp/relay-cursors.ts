import type { DataSource } from 'typeorm';
import { LOG_START, type ChatLog, type PositionedRow, type LogPosition } from '../log/index.ts';
import { databaseWork } from '../postgres/index.ts';

/** An event kind without a bound queue: its entries after this position wait in the log. */
export interface UnroutedEvent extends LogPosition {
  readonly event: string;
  readonly since: Date;
}

/** A relay's progress: every entry up to `cursor` is published, except the unrouted. */
export interface RelayProgress {
  readonly cursor: LogPosition;
  readonly unrouted: readonly UnroutedEvent[];
}

/** The relay's stored progress. Cursors only advance, so a former leader resets nothing. */
export class RelayCursors {
  readonly #database: DataSource;
  readonly #log: ChatLog;
  readonly #cursorTable: string;
  readonly #unroutedTable: string;

  constructor(database: DataSource, log: ChatLog, schema: string) {
    this.#database = database;
    this.#log = log;
    this.#cursorTable = `"${schema}".relay_cursor`;
    this.#unroutedTable = `"${schema}".relay_unrouted`;
  }

  /** The stored progress; the first time, the beginning or the end of the log. */
  read(from: 'beginning' | 'now'): Promise<RelayProgress> {
    return databaseWork(async () => ({
      cursor:
        (await this.#cursor()) ??
        (await this.#begin(from === 'now' ? await this.#log.end(this.#database) : LOG_START)),
      unrouted: await this.#database.query<UnroutedEvent[]>(
        `SELECT event, xact, position, since FROM ${this.#unroutedTable}`,
      ),
    }));
  }

  next(cursor: LogPosition, limit: number): Promise<PositionedRow[]> {
    return databaseWork(() => this.#log.readAll(this.#database, cursor, limit));
  }

  /** The waiting entries of these kinds, in log order, up to the cursor. */
  nextUnrouted({ unrouted, cursor }: RelayProgress, limit: number): Promise<PositionedRow[]> {
    return databaseWork(() => this.#log.readAllOf(this.#database, unrouted, cursor, limit));
  }

  /** Records that every entry up to `cursor` is published, except these kinds after these positions. */
  advance(cursor: LogPosition, unrouted: ReadonlyMap<string, LogPosition>): Promise<void> {
    return databaseWork(async () => {
      await this.#database.query(
        `WITH moved AS (UPDATE ${this.#cursorTable} SET xact = $1, position = $2 WHERE (xact, position) < ($1, $2) RETURNING 1)
         INSERT INTO ${this.#unroutedTable} (event, xact, position)
         SELECT kind.* FROM moved CROSS JOIN unnest($3::text[], $4::bigint[], $5::bigint[]) AS kind(event, xact, position) ON CONFLICT DO NOTHING`,
        [
          cursor.xact,
          cursor.position,
          [...unrouted.keys()],
          [...unrouted.values()].map(({ xact }) => xact),
          [...unrouted.values()].map(({ position }) => position),
        ],
      );
    });
  }

  /** Records that the waiting entries of this kind are published up to this position. */
  advanceUnrouted(event: string, { xact, position }: LogPosition): Promise<void> {
    return databaseWork(async () => {
      await this.#database.query(
        `UPDATE ${this.#unroutedTable} SET xact = $2, position = $3 WHERE event = $1 AND (xact, position) < ($2, $3)`,
        [event, xact, position],
      );
    });
  }

  /** Records that no entry of this kind waits up to `cursor`, unless another relay moved the cursor since. */
  endUnrouted(event: string, cursor: LogPosition): Promise<void> {
    return databaseWork(() =>
      this.#database.transaction(async (transaction) => {
        await transaction.query(`SELECT FROM ${this.#cursorTable} FOR UPDATE`);
        await transaction.query(
          `DELETE FROM ${this.#unroutedTable} WHERE event = $1 AND EXISTS (SELECT FROM ${this.#cursorTable} WHERE (xact, position) = ($2, $3))`,
          [event, cursor.xact, cursor.position],
        );
      }),
    );
  }

  async #cursor(): Promise<LogPosition | undefined> {
    const [cursor] = await this.#database.query<LogPosition[]>(
      `SELECT xact, position FROM ${this.#cursorTable}`,
    );
    return cursor;
  }

  async #begin(at: LogPosition): Promise<LogPosition> {
    await this.#database.query(
      `INSERT INTO ${this.#cursorTable} (id, xact, position) VALUES (1, $1, $2) ON CONFLICT DO NOTHING`,
      [at.xact, at.position],
    );
    return (await this.#cursor()) ?? at;
  }
}
