import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { chatHeads, type Heads } from '@switchboard/shared/contracts';
import { announceHeads, ChatLog, headPages, type LogPosition, type LogRow } from '@switchboard/shared/log';
import { silent, startNats, waitFor, type TestDatabase, type TestNats } from '@switchboard/infra/test';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { Buses } from './buses.ts';
import { createOwnSchema, openPool } from './own-schema.ts';

let database: TestDatabase;
let pool: DataSource;
const log = new ChatLog('presence');
let chatId: string;

beforeAll(async () => {
  database = await createOwnSchema();
  pool = await openPool(database);
});
beforeEach(() => {
  chatId = randomUUID();
});
afterAll(async () => {
  await pool.destroy();
  await database.drop();
});

const row = (rev: number, chat = chatId): LogRow => ({
  chatId: chat,
  rev,
  event: 'said',
  payload: { text: `${rev} "é" \\ ', {}` },
});
/** The same, as it is read. */
const stored = (rev: number) => ({ ...row(rev), at: expect.any(Date) });
const START: LogPosition = { xact: 0, position: 0 };
const last = (rows: readonly LogPosition[], otherwise: LogPosition): LogPosition => rows.at(-1) ?? otherwise;

describe('the log of a chat', () => {
  it('returns appended entries in order, after any rev, up to the limit', async () => {
    await log.append(pool, [row(1), row(2), row(3), row(1, randomUUID())]);
    expect(await log.read(pool, chatId, 0, 10)).toEqual([stored(1), stored(2), stored(3)]);
    expect(await log.read(pool, chatId, 1, 1)).toEqual([stored(2)]);
    expect(await log.read(pool, chatId, 3, 10)).toEqual([]);
    expect(await log.read(pool, randomUUID(), 0, 10)).toEqual([]);
  });

  it('rejects a repeated rev, with all entries of the same append', async () => {
    await log.append(pool, [row(1)]);
    await expect(log.append(pool, [row(2), row(1)])).rejects.toThrow(/duplicate key/);
    expect(await log.read(pool, chatId, 0, 10)).toEqual([stored(1)]);
  });

  it('keeps nothing of a transaction that is rolled back', async () => {
    await expect(
      pool.transaction(async (transaction) => {
        await log.append(transaction, [row(1)]);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await log.read(pool, chatId, 0, 10)).toEqual([]);
  });

  it('has a head unless it is empty', async () => {
    await log.append(pool, [row(1), row(2)]);
    expect(await log.heads(pool, [randomUUID(), chatId])).toEqual([{ chatId, rev: 2 }]);
    expect(await log.heads(pool, [])).toEqual([]);
  });
});

describe('the whole log, read from a cursor', () => {
  it('misses no entry that was written earlier and committed later', async () => {
    const [slow, fast] = [randomUUID(), randomUUID()];
    const writer = pool.createQueryRunner();
    await writer.startTransaction();
    await log.append(writer.manager, [row(1, slow)]);
    await log.append(pool, [row(1, fast)]);
    let position = START;
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      const rows = await log.readAll(pool, position, 1_000);
      position = last(rows, position);
      seen.push(...rows.map((one) => one.chatId));
    };
    await read();
    expect(seen).not.toContain(fast);
    await writer.commitTransaction();
    await writer.release();
    await waitFor(
      async () => {
        await read();
        return seen.includes(fast);
      },
      { what: 'the log to be read to its end' },
    );
    expect(seen.filter((chat) => chat === slow || chat === fast)).toEqual([slow, fast]);
  });

  it('returns every entry once, in order per chat, while many write', async () => {
    const chats = Array.from({ length: 5 }, () => randomUUID());
    const writing = Promise.all(
      chats.map(async (chat) => {
        for (let rev = 1; rev <= 20; rev++)
          await pool.transaction((transaction) => log.append(transaction, [row(rev, chat)]));
      }),
    );
    let position = START;
    const seen = new Map(chats.map((chat): [string, number[]] => [chat, []]));
    await waitFor(
      async () => {
        const rows = await log.readAll(pool, position, 7);
        position = last(rows, position);
        for (const one of rows) seen.get(one.chatId)?.push(one.rev);
        return [...seen.values()].every((revs) => revs.includes(20));
      },
      { what: 'the log to be read to its end', everyMs: 1 },
    );
    await writing;
    const inOrder = Array.from({ length: 20 }, (_, index) => index + 1);
    expect([...seen.values()]).toEqual(chats.map(() => inOrder));
  });
});

describe('the heads of changed chats', () => {
  it('are returned since a horizon, which moves only past committed entries', async () => {
    const { horizon } = await log.headsSince(pool, Number.MAX_SAFE_INTEGER);
    const writer = pool.createQueryRunner();
    await writer.startTransaction();
    await log.append(writer.manager, [row(1), row(2)]);
    const during = await log.headsSince(pool, horizon);
    expect(during.heads).not.toContainEqual({ chatId, rev: 2 });
    await writer.commitTransaction();
    await writer.release();
    expect((await log.headsSince(pool, during.horizon)).heads).toContainEqual({ chatId, rev: 2 });
  });

  it('fill pages without an empty one', () => {
    const heads: Heads = Array.from({ length: 1_001 }, (_, rev) => ({ chatId, rev }));
    expect([...headPages(heads)].map((page) => page.length)).toEqual([500, 500, 1]);
    expect([...headPages(heads)].flat()).toEqual(heads);
    expect([...headPages([])]).toEqual([]);
  });

  describe('are announced', () => {
    let nats: TestNats;
    const buses = new Buses();
    beforeAll(async () => {
      nats = await startNats();
    });
    afterAll(async () => {
      await buses.close();
      await nats.stop();
    });

    it('again from the recent start after a reconnection: all repeats may have been lost', async () => {
      let reconnect = (): void => undefined;
      const bus: Parameters<typeof announceHeads>[2] = {
        isConnected: true,
        onReconnect: (callback) => {
          reconnect = callback;
        },
        signal: () => undefined,
      };
      const starts: number[] = [];
      const recording = {
        recentStart: () => Promise.resolve(1),
        headsSince: (_database: unknown, since: number) => {
          starts.push(since);
          return Promise.resolve({ heads: [], horizon: 100 + starts.length });
        },
      };
      const stop = announceHeads(recording, pool, bus, chatHeads, silent);
      try {
        await waitFor(() => starts.length === 2, { what: 'two announcements' });
        reconnect();
        await waitFor(() => starts.length === 3, { what: 'another' });
        expect(starts).toEqual([1, 101, 1]);
      } finally {
        stop();
      }
    });

    it('within seconds and repeatedly, but not without end', async () => {
      const chatService = await buses.connect(nats, 'chat-service');
      const gateway = await buses.connect(nats, 'gateway');
      const announced: Heads[] = [];
      gateway.onSignal(chatHeads, ({ heads }) => announced.push(heads));
      await gateway.flush();
      const other = randomUUID();
      await log.append(pool, [row(1, other)]);
      const stop = announceHeads(log, pool, chatService, chatHeads, silent);
      try {
        const timesAnnounced = (chat: string): number =>
          announced.flat().filter((head) => head.chatId === chat).length;
        await waitFor(() => timesAnnounced(other) > 0, {
          what: 'what was committed before the process started',
        });
        await log.append(pool, [row(1)]);
        await waitFor(() => timesAnnounced(chatId) >= 2, {
          what: 'the head to be announced twice',
          timeoutMs: 10_000,
        });
        expect(announced.flat()).toContainEqual({ chatId, rev: 1 });
      } finally {
        stop();
      }
    });
  });
});
