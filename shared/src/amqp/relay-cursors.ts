import type { DataSource } from 'typeorm';
import { LOG_START, type ChatLog, type LoggedRow, type LogPosition } from '../log/index.ts';
import { guarded } from '../postgres/index.ts';

/** A kind of entry that no queue takes: what came after this position waits in the log. */
export interface Unrouted extends LogPosition {
  readonly event: string;
  readonly since: Date;
}

/** Where a relay stands: all up to `cursor` has left, but for what is unrouted. */
export interface Standing {
  readonly cursor: LogPosition;
  readonly unrouted: readonly Unrouted[];
}

/** Whoever believes that they lead, and no longer do, sets nothing back: cursors only move on. */
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

  /** As it was left; the first time, from the beginning or from the end of the log. */
  read(from: 'beginning' | 'now'): Promise<Standing> {
    return guarded(async () => ({
      cursor: await this.#cursor() ?? await this.#begin(from === 'now' ? await this.#log.end(this.#database) : LOG_START),
      unrouted: await this.#database.query<Unrouted[]>(`SELECT event, xact, position, since FROM ${this.#unroutedTable}`),
    }));
  }

  next(cursor: LogPosition, limit: number): Promise<LoggedRow[]> {
    return guarded(() => this.#log.readAll(this.#database, cursor, limit));
  }

  /** What waits of these kinds, in the order of the log, as far as the cursor. */
  nextUnrouted({ unrouted, cursor }: Standing, limit: number): Promise<LoggedRow[]> {
    return guarded(() => this.#log.readAllOf(this.#database, unrouted, cursor, limit));
  }

  /** All up to `cursor` has left, but for these kinds, from after these positions. */
  advance(cursor: LogPosition, unrouted: ReadonlyMap<string, LogPosition>): Promise<void> {
    return guarded(async () => {
      await this.#database.query(
        `WITH moved AS (UPDATE ${this.#cursorTable} SET xact = $1, position = $2 WHERE (xact, position) < ($1, $2) RETURNING 1)
         INSERT INTO ${this.#unroutedTable} (event, xact, position)
         SELECT kind.* FROM moved CROSS JOIN unnest($3::text[], $4::bigint[], $5::bigint[]) AS kind(event, xact, position) ON CONFLICT DO NOTHING`,
        [cursor.xact, cursor.position, [...unrouted.keys()], [...unrouted.values()].map(({ xact }) => xact), [...unrouted.values()].map(({ position }) => position)],
      );
    });
  }

  /** What had waited of this kind has left, as far as there. */
  advanceUnrouted(event: string, { xact, position }: LogPosition): Promise<void> {
    return guarded(async () => {
      await this.#database.query(
        `UPDATE ${this.#unroutedTable} SET xact = $2, position = $3 WHERE event = $1 AND (xact, position) < ($2, $3)`,
        [event, xact, position],
      );
    });
  }

  /** Nothing of this kind waits up to `cursor`. Unless another has moved the cursor since, the kind is like all others again. */
  endUnrouted(event: string, cursor: LogPosition): Promise<void> {
    return guarded(() => this.#database.transaction(async (transaction) => {
      await transaction.query(`SELECT FROM ${this.#cursorTable} FOR UPDATE`);
      await transaction.query(
        `DELETE FROM ${this.#unroutedTable} WHERE event = $1 AND EXISTS (SELECT FROM ${this.#cursorTable} WHERE (xact, position) = ($2, $3))`,
        [event, cursor.xact, cursor.position],
      );
    }));
  }

  async #cursor(): Promise<LogPosition | undefined> {
    const [cursor] = await this.#database.query<LogPosition[]>(`SELECT xact, position FROM ${this.#cursorTable}`);
    return cursor;
  }

  async #begin(at: LogPosition): Promise<LogPosition> {
    await this.#database.query(`INSERT INTO ${this.#cursorTable} (id, xact, position) VALUES (1, $1, $2) ON CONFLICT DO NOTHING`, [at.xact, at.position]);
    return await this.#cursor() ?? at;
  }
}
