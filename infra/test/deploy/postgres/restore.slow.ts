import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ChatLog, LOG_START, type LogPosition } from '@switchboard/shared/log';
import { createDataSource } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import { waitFor, type TestDatabase } from '../../helpers/index.ts';
import { createMigrated } from './migrated.ts';

// A logical restore inserts rows into a Postgres whose own transaction ids are lower than those of the rows.

const YEARS = 1_000_000_000;
const script = await readFile(
  new URL('../../../deploy/postgres/after-logical-restore.sql', import.meta.url),
  'utf8',
);

let database: TestDatabase;
beforeAll(async () => {
  database = await createMigrated(['chat-service', 'message-service', 'presence-service']);
});
afterAll(() => database.drop());

describe.each(['chat', 'message'] as const)('the log of %s-service', (schema) => {
  const log = new ChatLog(schema);
  let pool: DataSource;
  beforeAll(async () => {
    pool = await createDataSource({
      url: database.url(`${schema}_service`),
      schema,
      applicationName: 'test',
      entities: [],
      migrations: [],
    }).initialize();
  });
  afterAll(() => pool.destroy());
  beforeEach(async () => {
    await database.query(`TRUNCATE ${schema}.chat_log, ${schema}.relay_cursor, ${schema}.relay_unrouted`);
    // Commit order differs from the order of positions: the first transaction gets its position last.
    const [first, second] = [pool.createQueryRunner(), pool.createQueryRunner()];
    await first.startTransaction();
    await first.query('SELECT pg_current_xact_id()');
    await log.append(pool, [entry('kept'), entry('kept')]);
    await second.startTransaction();
    await log.append(second, [entry('left'), entry('waits')]);
    await log.append(first, [entry('left')]);
    await first.commitTransaction();
    await second.commitTransaction();
    await log.append(pool, [entry('waits')]);
    for (const runner of [first, second]) await runner.release();
  });

  const entry = (event: string) => ({ chatId: randomUUID(), rev: 1, event, payload: {} });
  /** Waits for running transactions of other tests, which hold back the end of the log. */
  const readAfter = (position: LogPosition, count: number) =>
    waitFor(
      async () => {
        const rows = await log.readAll(pool, position, 100);
        return rows.length >= count ? rows : undefined;
      },
      { what: `${String(count)} entries`, timeoutMs: 20_000 },
    );
  const chatsAfter = async (position: LogPosition, count: number) =>
    (await readAfter(position, count)).map(({ chatId }) => chatId);
  const standing = async (table: 'relay_cursor' | 'relay_unrouted'): Promise<LogPosition> => {
    const {
      rows: [row],
    } = await database.query<LogPosition>(`SELECT xact, position FROM ${schema}.${table}`);
    if (row === undefined) throw new Error('there is no cursor');
    return row;
  };

  it('continues at the cursor of its relay, then with new entries', async () => {
    const before = await readAfter(LOG_START, 6);
    const [cursor, unrouted] = [before[2], before[0]];
    if (cursor === undefined || unrouted === undefined) throw new Error('the log is empty');
    await database.query(`INSERT INTO ${schema}.relay_cursor VALUES (1, $1, $2)`, [
      cursor.xact,
      cursor.position,
    ]);
    await database.query(`INSERT INTO ${schema}.relay_unrouted VALUES ('kept', $1, $2)`, [
      unrouted.xact,
      unrouted.position,
    ]);
    for (const table of ['chat_log', 'relay_cursor', 'relay_unrouted'])
      await database.query(`UPDATE ${schema}.${table} SET xact = xact + ${YEARS}`);
    await database.query(`INSERT INTO message.chat_cursor VALUES (1, 'far ahead')`);
    expect(await chatsAfter(await standing('relay_cursor'), 0)).toEqual([]);

    await database.query(script);
    const later = entry('later');
    await log.append(pool, [later]);
    expect(await chatsAfter(LOG_START, 7)).toEqual([...before.map(({ chatId }) => chatId), later.chatId]);
    expect(await chatsAfter(await standing('relay_cursor'), 4)).toEqual([
      ...before.slice(3).map(({ chatId }) => chatId),
      later.chatId,
    ]);
    expect(await chatsAfter(await standing('relay_unrouted'), 6)).toEqual([
      ...before.slice(1).map(({ chatId }) => chatId),
      later.chatId,
    ]);
    expect((await database.query('SELECT FROM message.chat_cursor')).rowCount).toBe(0);
  });
});
