import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bus } from '@switchboard/shared/bus';
import { chatContracts, chatHeads, type Actor, type ChatFacts } from '@switchboard/shared/contracts';
import { ChatProjection } from '@switchboard/shared/chat-projection';
import { silent, startNats, waitFor, type TestDatabase, type TestNats } from '@switchboard/infra/test';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { Buses } from './buses.ts';
import { failureOf } from './failure-of.ts';
import { createOwnSchema, openPool } from './own-schema.ts';

// A projection that follows a stub of chat-service.

let nats: TestNats;
let database: TestDatabase;
let pools: [DataSource, DataSource];
const buses = new Buses();
const chatBuses = new Buses();
let known: ChatProjection, replica: ChatProjection;

/** chat-service's log: the chats in the order of their changes. A cursor is an index in it. */
let changes: ChatFacts[];
let requested: { lookUps: string[]; cursors: (string | undefined)[] };

async function startChatService(): Promise<Bus> {
  const bus = await chatBuses.connect(nats, 'chat-service');
  const { lookUpChat, readChanges } = chatContracts;
  bus.serve(
    { lookUpChat, readChanges },
    {
      lookUpChat: ({ chatId }) => {
        requested.lookUps.push(chatId);
        return Promise.resolve({ chat: changes.findLast(({ id }) => id === chatId) });
      },
      readChanges: ({ cursor }) => {
        requested.cursors.push(cursor);
        const from = Number(cursor ?? '0');
        const page = changes.slice(from, from + 2);
        return Promise.resolve({
          chats: page,
          hasMore: page.length === 2,
          ...(page.length > 0 ? { cursor: String(from + page.length) } : {}),
        });
      },
    },
  );
  await bus.flush();
  return bus;
}

beforeAll(async () => {
  [nats, database] = await Promise.all([startNats(), createOwnSchema()]);
  pools = [await openPool(database), await openPool(database)];
  [known, replica] = [
    new ChatProjection('presence', pools[0], await buses.connect(nats, 'presence-service'), silent),
    new ChatProjection('presence', pools[1], await buses.connect(nats, 'presence-service'), silent),
  ];
});
beforeEach(async () => {
  changes = [];
  requested = { lookUps: [], cursors: [] };
  await chatBuses.close();
  await database.query('TRUNCATE presence.chat, presence.chat_cursor');
});
afterAll(async () => {
  await Promise.all([buses.close(), chatBuses.close()]);
  await Promise.all(pools.map((pool) => pool.destroy()));
  await nats.stop();
  await database.drop();
});

const client: Actor = { id: 7, email: '', role: 'client' };
const admin: Actor = { id: 1, email: '', role: 'admin' };
const stranger: Actor = { id: 8, email: '', role: 'client' };
const chat = (version = 1, id: string = randomUUID()): ChatFacts => ({
  id,
  clientId: 7,
  status: version % 2 ? 'PENDING' : 'ACTIVE',
  version,
  ...(version % 2 ? {} : { adminId: version }),
});
const stored = async (id: string): Promise<number | undefined> =>
  (await database.query<{ version: number }>('SELECT version FROM presence.chat WHERE id = $1', [id])).rows[0]
    ?.version;
const untilStored = (id: string, version: number): Promise<unknown> =>
  waitFor(async () => (await stored(id)) === version, { what: `version ${version}`, timeoutMs: 12_000 });

describe('the rows', () => {
  it('never return to an older version, in any order and with repeats', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }), { minLength: 1, maxLength: 5 }),
        async (batches) => {
          fc.pre(batches.flat().length > 0);
          const id = randomUUID();
          await Promise.all(
            batches.map((versions, index) =>
              (index % 2 ? known : replica).apply(versions.map((version) => chat(version, id))),
            ),
          );
          expect(await known.requireAccess(admin, id)).toEqual(chat(Math.max(...batches.flat()), id));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('are applied by two replicas at once in different orders, without a deadlock', async () => {
    const many = Array.from({ length: 100 }, () => chat());
    await Promise.all([
      known.apply(many),
      replica.apply(many.toReversed()),
      known.apply(many.map(({ id }) => chat(2, id))),
      replica.apply([]),
    ]);
    expect(await Promise.all(many.map(({ id }) => stored(id)))).toEqual(many.map(() => 2));
  });
});

describe('an unknown chat', () => {
  it('is looked up once and stored', async () => {
    await startChatService();
    const one = chat(2);
    changes = [one];
    expect(await known.requireAccess(client, one.id)).toEqual(one);
    expect(await replica.requireAccess(client, one.id)).toEqual(one);
    expect(requested.lookUps).toEqual([one.id]);
  });

  it('is CHAT_NOT_FOUND when chat-service does not know it', async () => {
    await startChatService();
    expect(await failureOf(() => known.requireAccess(admin, randomUUID()))).toMatchObject({
      code: 'CHAT_NOT_FOUND',
    });
  });

  it('is UNAVAILABLE while chat-service is away', async () => {
    expect(await failureOf(() => known.requireAccess(admin, randomUUID()))).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    });
  });
});

describe('access', () => {
  it('to a known chat is checked while chat-service is away', async () => {
    const one = chat();
    await known.apply([one]);
    expect(await known.requireAccess(client, one.id)).toEqual(one);
    expect(await known.requireAccess(admin, one.id)).toEqual(one);
  });

  it('is denied to a stranger like a missing chat, on the same path, also while chat-service is away', async () => {
    const one = chat();
    await known.apply([one]);
    changes = [one];
    for (const id of [one.id, randomUUID()])
      expect(await failureOf(() => known.requireAccess(stranger, id))).toMatchObject({ code: 'UNAVAILABLE' });
    await startChatService();
    const ids = [one.id, randomUUID()];
    for (const id of ids)
      expect(await failureOf(() => known.requireAccess(stranger, id))).toMatchObject({
        code: 'CHAT_NOT_FOUND',
        details: undefined,
      });
    expect(requested.lookUps).toEqual(ids);
  });
});

describe('following', () => {
  it('applies all pages, and then each announced change', async () => {
    const service = await startChatService();
    const before = [chat(), chat(), chat(), chat(), chat()];
    changes = [...before];
    const stop = known.follow();
    for (const { id } of before) await untilStored(id, 1);

    const changed = chat(2, before[0]?.id);
    changes.push(changed);
    service.signal(chatHeads, { heads: [{ chatId: changed.id, rev: 2 }] });
    await untilStored(changed.id, 2);
    stop();
    expect(requested.lookUps).toEqual([]);
  });

  it('resumes at its cursor after a restart, with two replicas', async () => {
    await startChatService();
    changes = [chat(), chat(), chat()];
    const [, , third] = changes;
    const stopOne = known.follow();
    await untilStored(third?.id ?? '', 1);
    await waitFor(
      async () =>
        (await database.query<{ cursor: string }>('SELECT cursor FROM presence.chat_cursor')).rows[0]
          ?.cursor === '3',
      { what: 'the cursor' },
    );
    stopOne();

    requested.cursors = [];
    const later = Array.from({ length: 9 }, () => chat());
    changes.push(...later);
    const stops = [known.follow(), replica.follow()];
    for (const { id } of later) await untilStored(id, 1);
    for (const stop of stops) stop();
    expect(Math.min(...requested.cursors.map(Number))).toBe(3);
  });

  it('starts once chat-service is available', async () => {
    const one = chat();
    changes = [one];
    const stop = known.follow();
    const service = await startChatService();
    service.signal(chatHeads, { heads: [{ chatId: one.id, rev: 1 }] });
    await untilStored(one.id, 1);
    stop();
  });
});
