import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { createDatabase, type TestDatabase } from '@switchboard/infra/test';
import { randomUUID } from 'node:crypto';
import type { SocketRef } from '@switchboard/shared/contracts';
import type { DataSource } from 'typeorm';
import type { Presence } from '../src/domain/presence-store.ts';
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

// A gateway numbers what it sends about a socket.
let sequence = 0;
type Store = typeof store;
const enter = async (by: Store, presence: Presence, socket: SocketRef) =>
  (await by.enter(presence, socket, ++sequence)).isFirst;
const leave = (by: Store, presence: Presence, id: string, gatewayId = one) =>
  by.leave(presence, { id, gatewayId }, ++sequence);
const drop = (by: Store, presence: Presence, id: string, gatewayId = one) =>
  by.drop(presence, { id, gatewayId }, ++sequence);

const seven = () => ({ chatId, userId: 7 });
const count = (outcomes: readonly boolean[]): number => outcomes.filter(Boolean).length;
const rowsLeft = async (): Promise<number> => {
  await store.deleteDeparted(0);
  return Number(
    (
      await database.query<{ n: string }>(
        'SELECT (SELECT count(*) FROM presence.joined_socket) + (SELECT count(*) FROM presence.active_user) AS n',
      )
    ).rows[0]?.n,
  );
};

describe('sockets', () => {
  it('of one user count as one, across gateways: only the first and the last are reported', async () => {
    expect(await enter(store, seven(), { id: 'a', gatewayId: one })).toBe(true);
    expect(await enter(other, seven(), { id: 'b', gatewayId: two })).toBe(false);
    expect(await store.activeUsers(chatId)).toEqual([7]);
    expect(await leave(store, seven(), 'a')).toBe(false);
    expect(await other.activeUsers(chatId)).toEqual([7]);
    expect(await leave(other, seven(), 'b')).toBe(true);
    expect(await store.activeUsers(chatId)).toEqual([]);
    expect(await rowsLeft()).toBe(0);
  });

  it('count once, however often they enter and leave', async () => {
    const socket = { id: 'a', gatewayId: one };
    expect([
      await enter(store, seven(), socket),
      await enter(store, seven(), socket),
      await enter(other, seven(), socket),
    ]).toEqual([true, false, false]);
    expect([
      await leave(store, seven(), 'a'),
      await leave(store, seven(), 'a'),
      await leave(store, seven(), 'never'),
    ]).toEqual([true, false, false]);
  });

  it('are not removed by another user', async () => {
    await enter(store, seven(), { id: 'a', gatewayId: one });
    expect(await leave(store, { chatId, userId: 8 }, 'a')).toBe(false);
    await drop(store, { chatId, userId: 8 }, 'a');
    expect(await store.removeDropped(0)).toEqual([]);
    expect(await store.activeUsers(chatId)).toEqual([7]);
  });

  it('of one user that enter at the same time through two replicas have exactly one first', async () => {
    for (let round = 0; round < 10; round++) {
      chatId = randomUUID();
      const entered = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          enter(n % 2 ? store : other, seven(), { id: `s${n}`, gatewayId: n % 2 ? one : two }),
        ),
      );
      expect(count(entered)).toBe(1);
      const left = await Promise.all(
        Array.from({ length: 8 }, (_, n) => leave(n % 2 ? other : store, seven(), `s${n}`)),
      );
      expect(count(left)).toBe(1);
    }
    expect(await rowsLeft()).toBe(0);
  });

  it('that enter and leave at the same time leave the right users active', async () => {
    for (let round = 0; round < 10; round++) {
      const churn = Array.from({ length: 6 }, async (_, n) => {
        const replica = n % 2 ? store : other;
        await enter(replica, seven(), { id: `s${n}`, gatewayId: one });
        if (n < 5) await leave(replica, seven(), `s${n}`);
      });
      await Promise.all(churn);
      expect(await store.activeUsers(chatId)).toEqual([7]);
      expect(await leave(store, seven(), 's5')).toBe(true);
    }
  });

  it('list their users in ascending numeric order', async () => {
    for (const userId of [100, 9, 20, Number.MAX_SAFE_INTEGER])
      await enter(store, { chatId, userId }, { id: `s${userId}`, gatewayId: one });
    await enter(store, { chatId: randomUUID(), userId: 1 }, { id: 'x', gatewayId: one });
    expect(await store.activeUsers(chatId)).toEqual([9, 20, 100, Number.MAX_SAFE_INTEGER]);
  });
});

describe('a dropped socket', () => {
  it('counts until its grace period ends; then its user is returned once', async () => {
    await enter(store, seven(), { id: 'a', gatewayId: one });
    await drop(store, seven(), 'a');
    expect(await store.removeDropped(60_000)).toEqual([]);
    expect(await store.activeUsers(chatId)).toEqual([7]);

    const gone = await Promise.all([store.removeDropped(0), other.removeDropped(0)]);
    expect(gone.flat()).toEqual([seven()]);
    expect(await store.activeUsers(chatId)).toEqual([]);
  });

  it.each(['1 hour', '-1 hour'])(
    'is removed when the clock of Postgres has moved by %s since',
    async (moved) => {
      await enter(store, seven(), { id: 'a', gatewayId: one });
      await drop(store, seven(), 'a');
      await database.query(`UPDATE presence.joined_socket SET dropped_at = dropped_at - interval '${moved}'`);
      expect(await store.removeDropped(60_000)).toEqual([seven()]);
    },
  );

  it('is not removed when it enters again, and its user is not returned', async () => {
    await enter(store, seven(), { id: 'a', gatewayId: one });
    await drop(store, seven(), 'a');
    expect(await enter(store, seven(), { id: 'a', gatewayId: one })).toBe(false);
    expect(await store.removeDropped(0)).toEqual([]);
    expect(await store.activeUsers(chatId)).toEqual([7]);
  });

  it('leaves its user active while another of their sockets is joined', async () => {
    await enter(store, seven(), { id: 'a', gatewayId: one });
    await drop(store, seven(), 'a');
    expect(await enter(store, seven(), { id: 'b', gatewayId: two })).toBe(false);
    expect(await store.removeDropped(0)).toEqual([]);
    expect(await leave(store, seven(), 'b')).toBe(true);
  });
});

describe('a lease', () => {
  it('that expires removes the sockets of its gateway, and returns each user once', async () => {
    const chats = [chatId, randomUUID()];
    for (const [index, chat] of chats.entries()) {
      for (const userId of [1, 2])
        await enter(store, { chatId: chat, userId }, { id: `dead-${userId}-${index}`, gatewayId: one });
    }
    await enter(store, { chatId, userId: 1 }, { id: 'dead-again', gatewayId: one });
    await enter(store, { chatId, userId: 2 }, { id: 'alive', gatewayId: two });
    const leases = (await store.leases()).filter(({ gatewayId }) => gatewayId === one);

    const gone = await Promise.all([store.removeExpired(leases), other.removeExpired(leases)]);

    const byChat = gone
      .flat()
      .map((presence) => `${chats.indexOf(presence.chatId)}:${presence.userId}`)
      .sort();
    expect(byChat).toEqual(['0:1', '1:1', '1:2']);
    expect(await store.activeUsers(chatId)).toEqual([2]);
    expect(await store.removeExpired(leases)).toEqual([]);
  });

  it('that is renewed in time removes no socket', async () => {
    await enter(store, seven(), { id: 'a', gatewayId: one });
    const leases = await store.leases();
    expect(leases).toEqual([{ gatewayId: one, leaseId: expect.any(String), renewals: 0 }]);
    await store.renewLease(one);
    expect(await store.removeExpired(leases)).toEqual([]);
    expect(await store.activeUsers(chatId)).toEqual([7]);
  });

  it('keeps its id until it expires; the next one has another id', async () => {
    const lease = await store.renewLease(one);
    await enter(store, seven(), { id: 'a', gatewayId: one });
    expect([
      await other.renewLease(one),
      (await store.enter(seven(), { id: 'a', gatewayId: one }, ++sequence)).leaseId,
    ]).toEqual([lease, lease]);
    expect(await store.removeExpired(await store.leases())).toEqual([seven()]);
    const { leaseId } = await other.enter(seven(), { id: 'b', gatewayId: one }, ++sequence);
    expect(leaseId).not.toBe(lease);
    expect(await store.renewLease(one)).toBe(leaseId);
  });

  it('that expires removes more sockets than one statement does', async () => {
    await store.renewLease(one);
    await database.query(
      `INSERT INTO presence.joined_socket (chat_id, socket_id, user_id, gateway_id, turn, changed_turn)
       SELECT $1, 's' || n, n, $2, 1, 1 FROM generate_series(1, 12000) AS n`,
      [chatId, one],
    );
    await database.query(
      'INSERT INTO presence.active_user (chat_id, user_id, sockets) SELECT chat_id, user_id, 1 FROM presence.joined_socket',
    );
    expect(await store.removeExpired(await store.leases())).toHaveLength(12_000);
    expect(await rowsLeft()).toBe(0);
    expect(await store.leases()).toEqual([]);
  });

  it('does not expire during an arrival: no socket is left without a lease', async () => {
    for (let round = 0; round < 20; round++) {
      await store.renewLease(one);
      const leases = await store.leases();
      await Promise.all([
        ...Array.from({ length: 5 }, (_, n) =>
          enter(n % 2 ? store : other, { chatId, userId: n }, { id: `r${round}s${n}`, gatewayId: one }),
        ),
        store.removeExpired(leases),
      ]);
      const { rows } = await database.query(
        'SELECT 1 FROM presence.joined_socket WHERE left_at IS NULL AND gateway_id NOT IN (SELECT gateway_id FROM presence.gateway_lease)',
      );
      expect(rows).toEqual([]);
    }
  });
});

describe('a late change', () => {
  const socket = { id: 'a', gatewayId: one };

  it.each(['leave', 'drop'] as const)(
    'that is an arrival overtaken by a %s joins no socket',
    async (departure) => {
      await store[departure](seven(), socket, 8);
      expect(await other.enter(seven(), socket, 7)).toMatchObject({ isFirst: false });
      expect(await store.activeUsers(chatId)).toEqual([]);
      expect(await store.enter(seven(), socket, 9)).toMatchObject({ isFirst: true });
    },
  );

  it.each(['leave', 'drop'] as const)(
    'that is a %s overtaken by a new arrival removes no socket',
    async (departure) => {
      await store.enter(seven(), socket, 1);
      await store.enter(seven(), socket, 3);
      await other[departure](seven(), socket, 2);
      expect(await store.removeDropped(0)).toEqual([]);
      expect(await store.activeUsers(chatId)).toEqual([7]);
    },
  );

  it('loses against a higher sequence number, even at the same time', async () => {
    for (let round = 0; round < 100; round++) {
      chatId = randomUUID();
      await Promise.all([store.enter(seven(), socket, 1), other.leave(seven(), socket, 2)]);
      expect(await store.activeUsers(chatId)).toEqual([]);
    }
  });

  it('changes nothing when it repeats the last one', async () => {
    expect(await store.enter(seven(), socket, 1)).toMatchObject({ isFirst: true });
    expect(await store.enter(seven(), socket, 1)).toMatchObject({ isFirst: false });
    expect(await store.leave(seven(), socket, 2)).toBe(true);
    expect(await store.leave(seven(), socket, 2)).toBe(false);
    expect(await store.activeUsers(chatId)).toEqual([]);
  });

  it('loses against a departure from before the lease expired', async () => {
    await store.leave(seven(), socket, 2);
    await store.removeExpired(await store.leases());
    await store.renewLease(one);
    expect(await other.enter(seven(), socket, 1)).toMatchObject({ isFirst: false });
    expect(await store.activeUsers(chatId)).toEqual([]);
  });

  it('loses against a departure until the departure is deleted', async () => {
    await store.enter(seven(), socket, 1);
    await store.leave(seven(), socket, 2);
    await store.deleteDeparted(60_000);
    expect(await store.enter(seven(), socket, 1)).toMatchObject({ isFirst: false });
    await store.deleteDeparted(0);
    expect((await database.query('SELECT 1 FROM presence.joined_socket')).rows).toEqual([]);
  });
});

it('is ready while its database replies', async () => {
  expect(await store.isReady()).toBe(true);
});
