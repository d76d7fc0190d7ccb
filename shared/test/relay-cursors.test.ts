import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor, type TestDatabase } from '@switchboard/infra/test';
import { ChatLog } from '@switchboard/shared/log';
import type { DataSource } from 'typeorm';
import { RelayCursors } from '../src/amqp/relay-cursors.ts';
import { createOwnSchema, openPool } from './own-schema.ts';

let database: TestDatabase;
let pool: DataSource;
let cursors: RelayCursors;
const log = new ChatLog('presence');
const none = new Map<string, never>();

beforeEach(async () => {
  database = await createOwnSchema();
  pool = await openPool(database);
  cursors = new RelayCursors(pool, log, 'presence');
});
afterEach(async () => {
  await pool.destroy();
  await database.drop();
});

const at = (xact: number, position: number) => ({ xact, position });
const append = (event = 'said') => log.append(pool, [{ chatId: randomUUID(), rev: 1, event, payload: {} }]);

describe('the progress of a relay', () => {
  it('begins at the start or the end of the log, and then resumes where it stopped', async () => {
    await append();
    // Other transactions in this Postgres hold the end of the log back for a moment.
    await waitFor(async () => (await log.end(pool)).position > 0, { what: 'the entry to be settled' });
    const end = await log.end(pool);
    expect(await cursors.read('now')).toEqual({ cursor: end, unrouted: [] });
    expect((await cursors.read('beginning')).cursor).toEqual(end);
  });

  it('only advances: a former leader resets nothing', async () => {
    await cursors.read('beginning');
    await cursors.advance(at(10, 5), none);
    await cursors.advance(at(10, 4), new Map([['said', at(10, 3)]]));
    await cursors.advance(at(9, 9), none);
    expect(await cursors.read('beginning')).toEqual({ cursor: at(10, 5), unrouted: [] });
  });

  it('keeps the first position from which a kind waits', async () => {
    await cursors.read('beginning');
    await cursors.advance(at(10, 5), new Map([['said', at(10, 3)]]));
    await cursors.advance(
      at(11, 5),
      new Map([
        ['said', at(11, 1)],
        ['seen', at(11, 2)],
      ]),
    );
    await cursors.advanceUnrouted('seen', at(11, 3));
    await cursors.advanceUnrouted('seen', at(11, 2));
    const { unrouted } = await cursors.read('beginning');
    expect(
      unrouted
        .map(({ event, xact, position }) => ({ event, xact, position }))
        .toSorted((a, b) => (a.event < b.event ? -1 : 1)),
    ).toEqual([
      { event: 'said', ...at(10, 3) },
      { event: 'seen', ...at(11, 3) },
    ]);
  });

  it('keeps a kind as unrouted when another relay moved the cursor since', async () => {
    await cursors.read('beginning');
    await cursors.advance(at(10, 5), new Map([['said', at(10, 3)]]));
    await cursors.advance(at(11, 1), new Map([['said', at(10, 9)]]));
    await cursors.endUnrouted('said', at(10, 5));
    expect((await cursors.read('beginning')).unrouted).toHaveLength(1);
    await cursors.endUnrouted('said', at(11, 1));
    expect((await cursors.read('beginning')).unrouted).toEqual([]);
  });

  it('returns waiting entries in log order, each kind from its own position, up to the cursor', async () => {
    for (const event of ['said', 'seen', 'said', 'seen', 'told']) await append(event);
    await waitFor(async () => (await cursors.next(at(0, 0), 10)).length === 5, {
      what: 'the entries to be settled',
    });
    const [first, second, third, fourth] = await cursors.next(at(0, 0), 10);
    if (first === undefined || second === undefined || third === undefined || fourth === undefined)
      throw new Error('the log is short');
    const since = new Date();
    const standing = {
      cursor: fourth,
      unrouted: [
        { event: 'said', ...at(0, 0), since },
        { event: 'seen', xact: second.xact, position: second.position, since },
      ],
    };
    expect(await cursors.nextUnrouted(standing, 10)).toEqual([first, third, fourth]);
    expect(await cursors.nextUnrouted(standing, 2)).toEqual([first, third]);
  });
});
