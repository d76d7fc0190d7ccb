import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { createDatabase, waitFor, type TestDatabase } from '@switchboard/infra/testing';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { databaseOptions } from '../src/store/database.ts';
import { createPresenceStore } from '../src/store/presence-store.ts';

let database: TestDatabase;
let replicas: [DataSource, DataSource];
let store: ReturnType<typeof createPresenceStore>, other: typeof store;
let chatId: string;
const [one, two] = [randomUUID(), randomUUID()];

beforeAll(async () => {
  database = await createDatabase();
  await migrate(createDataSource(databaseOptions(database.url('presence_migrator'))), 'presence');
  const open = () => createDataSource(databaseOptions(database.url('presence_service'))).initialize();
  replicas = [await open(), await open()];
  [store, other] = [createPresenceStore(replicas[0]), createPresenceStore(replicas[1])];
});
beforeEach(async () => {
  chatId = randomUUID();
  await database.query('TRUNCATE presence.joined_socket, presence.active_user, presence.gateway_lease');
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.destroy()));
  await database.drop();
});

const seven = () => ({ chatId, userId: 7 });
const count = (outcomes: readonly boolean[]): number => outcomes.filter(Boolean).length;
const rowsLeft = async (): Promise<number> =>
  Number((await database.query<{ n: string }>('SELECT (SELECT count(*) FROM presence.joined_socket) + (SELECT count(*) FROM presence.active_user) AS n')).rows[0]?.n);

describe('sockets', () => {
  it('of one user count as one: the first is told, the last is told, on whichever gateways', async () => {
    expect(await store.enter(seven(), { id: 'a', gatewayId: one })).toBe(true);
    expect(await other.enter(seven(), { id: 'b', gatewayId: two })).toBe(false);
    expect(await store.activeUsers(chatId)).toEqual([7]);
    expect(await store.leave(seven(), 'a')).toBe(false);
    expect(await other.activeUsers(chatId)).toEqual([7]);
    expect(await other.leave(seven(), 'b')).toBe(true);
    expect(await store.activeUsers(chatId)).toEqual([]);
    expect(await rowsLeft()).toBe(0);
  });

  it('enter and leave as often as they like: once counts', async () => {
    const socket = { id: 'a', gatewayId: one };
    expect([await store.enter(seven(), socket), await store.enter(seven(), socket), await other.enter(seven(), socket)]).toEqual([true, false, false]);
    expect([await store.leave(seven(), 'a'), await store.leave(seven(), 'a'), await store.leave(seven(), 'never')]).toEqual([true, false, false]);
  });

  it('are one user\'s own: nobody else takes them out', async () => {
    await store.enter(seven(), { id: 'a', gatewayId: one });
    expect(await store.leave({ chatId, userId: 8 }, 'a')).toBe(false);
    await store.drop({ chatId, userId: 8 }, 'a', -1);
    expect(await store.removeDropped()).toEqual([]);
    expect(await store.activeUsers(chatId)).toEqual([7]);
  });

  it('of one user that enter at once, through two replicas, are told as first exactly once', async () => {
    for (let round = 0; round < 10; round++) {
      chatId = randomUUID();
      const entered = await Promise.all(Array.from({ length: 8 }, (_, n) => (n % 2 ? store : other).enter(seven(), { id: `s${n}`, gatewayId: n % 2 ? one : two })));
      expect(count(entered)).toBe(1);
      const left = await Promise.all(Array.from({ length: 8 }, (_, n) => (n % 2 ? other : store).leave(seven(), `s${n}`)));
      expect(count(left)).toBe(1);
    }
    expect(await rowsLeft()).toBe(0);
  });

  it('that come and go at once end in the truth', async () => {
    for (let round = 0; round < 10; round++) {
      const churn = Array.from({ length: 6 }, async (_, n) => {
        const replica = n % 2 ? store : other;
        await replica.enter(seven(), { id: `s${n}`, gatewayId: one });
        if (n < 5) await replica.leave(seven(), `s${n}`);
      });
      await Promise.all(churn);
      expect(await store.activeUsers(chatId)).toEqual([7]);
      expect(await store.leave(seven(), 's5')).toBe(true);
    }
  });

  it('list their users in ascending order, by number', async () => {
    for (const userId of [100, 9, 20, Number.MAX_SAFE_INTEGER]) await store.enter({ chatId, userId }, { id: `s${userId}`, gatewayId: one });
    await store.enter({ chatId: randomUUID(), userId: 1 }, { id: 'x', gatewayId: one });
    expect(await store.activeUsers(chatId)).toEqual([9, 20, 100, Number.MAX_SAFE_INTEGER]);
  });
});

describe('a dropped socket', () => {
  it('counts until its grace is over, and then its user is told to be gone, once', async () => {
    await store.enter(seven(), { id: 'a', gatewayId: one });
    await store.drop(seven(), 'a', 60_000);
    expect(await store.removeDropped()).toEqual([]);
    expect(await store.activeUsers(chatId)).toEqual([7]);

    chatId = randomUUID();
    await store.enter(seven(), { id: 'b', gatewayId: one });
    await store.drop(seven(), 'b', -1);
    const gone = await Promise.all([store.removeDropped(), other.removeDropped()]);
    expect(gone.flat()).toEqual([seven()]);
    expect(await store.activeUsers(chatId)).toEqual([]);
  });

  it('that enters again is not gone, and nobody was told', async () => {
    await store.enter(seven(), { id: 'a', gatewayId: one });
    await store.drop(seven(), 'a', -1);
    expect(await store.enter(seven(), { id: 'a', gatewayId: one })).toBe(false);
    expect(await store.removeDropped()).toEqual([]);
    expect(await store.activeUsers(chatId)).toEqual([7]);
  });

  it('does not take its user along while another socket of theirs is joined', async () => {
    await store.enter(seven(), { id: 'a', gatewayId: one });
    await store.drop(seven(), 'a', -1);
    expect(await store.enter(seven(), { id: 'b', gatewayId: two })).toBe(false);
    expect(await store.removeDropped()).toEqual([]);
    expect(await store.leave(seven(), 'b')).toBe(true);
  });
});

describe('a lease', () => {
  it('that ends takes out the sockets of its gateway, and tells each user once', async () => {
    const chats = [chatId, randomUUID()];
    for (const [index, chat] of chats.entries()) {
      for (const userId of [1, 2]) await store.enter({ chatId: chat, userId }, { id: `dead-${userId}-${index}`, gatewayId: one });
    }
    await store.enter({ chatId, userId: 1 }, { id: 'dead-again', gatewayId: one });
    await store.enter({ chatId, userId: 2 }, { id: 'alive', gatewayId: two });
    await waitFor(async () => {
      await store.renewLease(two);
      const { rows } = await database.query<{ old: boolean }>(`SELECT now() - renewed_at > interval '100 ms' AS old FROM presence.gateway_lease WHERE gateway_id = $1`, [one]);
      return rows[0]?.old;
    }, { what: 'the lease to grow old' });

    const gone = await Promise.all([store.removeExpired(100), other.removeExpired(100)]);

    const byChat = gone.flat().map((presence) => `${chats.indexOf(presence.chatId)}:${presence.userId}`).sort();
    expect(byChat).toEqual(['0:1', '1:1', '1:2']);
    expect(await store.activeUsers(chatId)).toEqual([2]);
    expect(await store.removeExpired(100)).not.toContainEqual({ chatId, userId: 1 });
  });

  it('that is renewed in time ends for nobody', async () => {
    await store.enter(seven(), { id: 'a', gatewayId: one });
    await store.renewLease(one);
    expect(await store.removeExpired(60_000)).toEqual([]);
    expect(await store.activeUsers(chatId)).toEqual([7]);
  });

  it('is known from its second renewal on', async () => {
    expect([await store.renewLease(one), await store.renewLease(one), await other.renewLease(one), await store.renewLease(two)]).toEqual([false, true, true, false]);
  });

  it('that ended is not known again because one socket has entered since: the others are missing', async () => {
    await store.renewLease(one);
    await store.enter(seven(), { id: 'a', gatewayId: one });
    expect(await store.renewLease(one)).toBe(true);
    expect(await store.removeExpired(-1)).toEqual([seven()]);
    await store.enter({ chatId, userId: 8 }, { id: 'b', gatewayId: one });
    expect(await store.renewLease(one)).toBe(false);
    expect(await store.renewLease(one)).toBe(true);
  });
});

it('the store is ready while its database answers', async () => {
  expect(await store.isReady()).toBe(true);
});
