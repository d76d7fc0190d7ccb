import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { createDatabase, type TestDatabase } from '@switchboard/infra/test';
import type { DataSource } from 'typeorm';
import { Seal } from '../src/domain/seal.ts';
import { readEvent, type ReceivedEvent } from '../src/domain/event.ts';
import type { DeliveryQueue, DueDelivery, WebhookStore } from '../src/domain/webhook-store.ts';
import { databaseOptions } from '../src/store/database.ts';
import { createDeliveryQueue } from '../src/store/delivery-queue.ts';
import { createWebhookStore } from '../src/store/webhook-store.ts';
import { anEvent } from './events.ts';

const seal = new Seal('k'.repeat(32));
const secret = 's'.repeat(32);
let database: TestDatabase;
let replicas: DataSource[];
let store: WebhookStore, queue: DeliveryQueue, other: DeliveryQueue;

beforeAll(async () => {
  database = await createDatabase();
  await migrate(createDataSource(databaseOptions(database.url('webhook_migrator'))), 'webhook');
  const open = () => createDataSource(databaseOptions(database.url('webhook_service'))).initialize();
  const [one, two] = [await open(), await open()];
  replicas = [one, two];
  [store, queue, other] = [createWebhookStore(one, seal), createDeliveryQueue(one), createDeliveryQueue(two)];
});
let chatId: string;
beforeEach(async () => {
  chatId = randomUUID();
  await database.query('TRUNCATE webhook.webhook, webhook.delivery');
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.destroy()));
  await database.drop();
});

const register = (events = ['message.created'], url = 'https://crm.example/hook') =>
  store.register({ url, events, secret }, 'crm');
const event = (rev: number, chat = chatId, routingKey = 'message.created'): ReceivedEvent =>
  readEvent(routingKey, JSON.stringify(anEvent(chat, rev)))!;
const dueRevs = async (): Promise<number[]> =>
  (await queue.due(10)).map(({ eventId }) => Number(eventId.split('/')[2]));
const due = async (): Promise<DueDelivery> => {
  const [first] = await queue.due(10);
  if (first === undefined) throw new Error('nothing is due');
  return first;
};
const encryptedSecret = async (id: string): Promise<Buffer> =>
  (await database.query<{ secret: Buffer }>('SELECT secret FROM webhook.webhook WHERE id = $1', [id]))
    .rows[0]!.secret;
const deliver = async (delivery?: DueDelivery) => {
  await queue.settle(delivery ?? (await due()), { status: 200 }, { state: 'delivered' });
};
const kill = async () => {
  await queue.settle(await due(), { status: 410 }, { state: 'dead', error: 'answered with 410' });
};
const log = async (webhookId: string, limit = 100) =>
  (await store.listDeliveries({ webhookId, limit })).deliveries;

describe('a webhook', () => {
  it('is re-encrypted once after a change of the key, and then needs only the new key', async () => {
    const { id } = await register();
    const removed = await register();
    await store.remove(removed.id);
    const changed = new Seal('n'.repeat(32), 'k'.repeat(32));
    const [replica] = replicas;
    if (replica === undefined) throw new Error('no replica');
    expect(changed.decrypt(await encryptedSecret(id), id)).toBe(secret);
    expect([
      await createWebhookStore(replica, changed).reencrypt(),
      await createWebhookStore(replica, changed).reencrypt(),
    ]).toEqual([1, 0]);
    expect(new Seal('n'.repeat(32)).decrypt(await encryptedSecret(id), id)).toBe(secret);
    await expect(encryptedSecret(id).then((text) => seal.decrypt(text, id))).rejects.toThrow('another key');
  });

  it('is listed without its secret, which is stored only encrypted', async () => {
    const webhook = await register(['message.created', 'chat.opened', 'chat.opened']);
    expect(webhook).toEqual({
      id: expect.any(String),
      url: 'https://crm.example/hook',
      events: ['message.created', 'chat.opened'],
      createdAt: expect.any(String),
    });
    expect(await store.list()).toEqual([webhook]);
    const {
      rows: [row],
    } = await database.query<{ secret: Buffer; by: string; all: string }>(
      'SELECT secret, created_by AS by, webhook::text AS all FROM webhook.webhook',
    );
    if (row === undefined) throw new Error('it is not stored');
    expect(row.by).toBe('crm');
    expect(row.all).not.toContain(secret);
    expect(row.secret.includes(secret)).toBe(false);
    expect(seal.decrypt(row.secret, webhook.id)).toBe(secret);
  });

  it('gets no more events after its removal, and leaves no rows', async () => {
    const { id } = await register();
    await queue.enqueue([event(1), event(2)]);
    const underWay = await due();
    await store.remove(id);
    await deliver(underWay);
    await queue.enqueue([event(3)]);
    expect(await queue.due(10)).toEqual([]);
    expect(await queue.oldestWaiting()).toBe(0);
    expect(await store.list()).toEqual([]);
    for (const ask of [
      store.remove(id),
      store.replay(id, undefined),
      store.listDeliveries({ webhookId: id, limit: 1 }),
    ])
      await expect(ask).rejects.toMatchObject({ code: 'WEBHOOK_NOT_FOUND' });
    await database.query(`UPDATE webhook.webhook SET removed_at = now() - interval '2 hours'`);
    await queue.prune();
    expect(
      (
        await database.query(
          'SELECT (SELECT count(*) FROM webhook.webhook)::int AS webhooks, (SELECT count(*) FROM webhook.delivery)::int AS deliveries',
        )
      ).rows,
    ).toEqual([{ webhooks: 0, deliveries: 0 }]);
  });
});

describe('events', () => {
  it('make one delivery for each webhook that subscribed to them', async () => {
    const [one, two, three] = [
      await register(),
      await register(['chat.opened', 'message.created']),
      await register(['chat.opened']),
    ];
    await queue.enqueue([event(1), event(2, chatId, 'message.read')]);
    expect((await queue.due(10)).map(({ webhookId }) => webhookId).sort()).toEqual([one.id, two.id].sort());
    expect(await log(three.id)).toEqual([]);
  });

  it('are stored once, also when two replicas store them at the same time', async () => {
    const { id } = await register();
    await Promise.all([queue.enqueue([event(1), event(2), event(2)]), other.enqueue([event(1), event(2)])]);
    await deliver();
    await queue.enqueue([event(1), event(2), event(3)]);
    expect((await log(id)).map(({ eventId, state }) => [eventId, state])).toEqual([
      [`message/${chatId}/3`, 'waiting'],
      [`message/${chatId}/2`, 'waiting'],
      [`message/${chatId}/1`, 'delivered'],
    ]);
  });

  it('are stored in one transaction', async () => {
    const { id } = await register();
    await expect(queue.enqueue([event(1), { ...event(2), chatId: 'no id' }])).rejects.toThrow();
    expect(await log(id)).toEqual([]);
  });
});

describe('only the oldest delivery of a webhook and chat is due', () => {
  it('and chats do not wait for each other', async () => {
    await register();
    const second = randomUUID();
    await queue.enqueue([event(1), event(2), event(7, second), event(3), event(8, second)]);
    expect((await dueRevs()).sort()).toEqual([1, 7]);
  });

  it('until it is delivered or dead; none is due while it waits for its retry', async () => {
    const { id } = await register();
    await queue.enqueue([event(1), event(2), event(3)]);
    await queue.settle(
      await due(),
      { status: 500 },
      { state: 'waiting', error: 'answered with 500', delayMs: 3_600_000 },
    );
    expect(await dueRevs()).toEqual([]);
    const [, , first] = await log(id);
    expect(first).toEqual({
      id: expect.any(String),
      eventId: `message/${chatId}/1`,
      type: 'switchboard.message.created.v1',
      chatId,
      state: 'waiting',
      attempts: 1,
      lastStatus: 500,
      lastError: 'answered with 500',
      lastAt: expect.any(String),
      nextAt: expect.any(String),
    });
    expect(Date.parse(first?.nextAt ?? '') - Date.parse(first?.lastAt ?? '')).toBe(3_600_000);
    await database.query('UPDATE webhook.delivery SET next_at = now() WHERE next_at IS NOT NULL');
    expect(await due()).toMatchObject({ attempts: 1, ageMs: expect.any(Number) });
    await deliver();
    expect(await dueRevs()).toEqual([2]);
    await kill();
    expect(await dueRevs()).toEqual([3]);
    expect(
      (await log(id)).map(({ state, lastStatus, deliveredAt, nextAt }) => [
        state,
        lastStatus,
        deliveredAt !== undefined,
        nextAt !== undefined,
      ]),
    ).toEqual([
      ['waiting', undefined, false, true],
      ['dead', 410, false, false],
      ['delivered', 200, true, false],
    ]);
  });

  it('also when two replicas store and settle at the same time: none is missed', async () => {
    const { id } = await register();
    for (let rev = 1; rev <= 60; rev += 2) {
      await queue.enqueue([event(rev)]);
      await Promise.all([deliver(), other.enqueue([event(rev + 1)])]);
      expect(await dueRevs()).toEqual([rev + 1]);
      await deliver();
    }
    expect((await log(id)).every(({ state }) => state === 'delivered')).toBe(true);
  });

  it('and a stale result changes nothing', async () => {
    const { id } = await register();
    await queue.enqueue([event(1), event(2)]);
    const delivery = await due();
    await queue.settle(
      delivery,
      { status: 500 },
      { state: 'waiting', error: 'answered with 500', delayMs: 3_600_000 },
    );
    await deliver(delivery);
    await other.settle(delivery, { status: 500 }, { state: 'waiting', error: 'again', delayMs: 0 });
    expect(await log(id)).toMatchObject([
      { state: 'waiting', attempts: 0 },
      { state: 'waiting', attempts: 1, lastError: 'answered with 500' },
    ]);
    expect(await dueRevs()).toEqual([]);
  });
});

describe('a replay', () => {
  it('makes all dead deliveries wait again, before later ones of their chats', async () => {
    const { id } = await register();
    await queue.enqueue([event(1), event(2), event(3), event(4)]);
    await kill();
    await deliver();
    await kill();
    const underWay = await due();
    expect(await store.replay(id, undefined)).toBe(2);
    expect(await dueRevs()).toEqual([1]);
    // The delivery in flight fails and waits behind the replayed ones.
    await queue.settle(
      underWay,
      { status: 500 },
      { state: 'waiting', error: 'answered with 500', delayMs: 0 },
    );
    expect(await dueRevs()).toEqual([1]);
    expect(await due()).toMatchObject({ attempts: 0, ageMs: 0 });
    for (const rev of [1, 3, 4]) {
      expect(await dueRevs()).toEqual([rev]);
      await deliver();
    }
    expect(await store.replay(id, undefined)).toBe(0);
  });

  it('repeats a named delivery, delivered or dead, of this webhook only', async () => {
    const [one, two] = [await register(), await register()];
    await queue.enqueue([event(1), event(2)]);
    const [first] = await queue.due(10);
    await deliver(first);
    const webhook = first?.webhookId === one.id ? one : two;
    expect(await store.replay(webhook === one ? two.id : one.id, first?.id)).toBe(0);
    expect(await store.replay(webhook.id, randomUUID())).toBe(0);
    expect(await store.replay(webhook.id, first?.id)).toBe(1);
    expect(await store.replay(webhook.id, first?.id)).toBe(0);
    expect(await log(webhook.id)).toMatchObject([
      { state: 'waiting', attempts: 0 },
      { state: 'waiting', attempts: 0 },
    ]);
  });
});

describe('the log', () => {
  it('is read in pages, for all states or one', async () => {
    const { id: webhookId } = await register();
    await queue.enqueue([1, 2, 3, 4, 5].map((rev) => event(rev)));
    await deliver();
    await kill();
    const seen: string[] = [];
    for (let cursor: string | undefined = ''; ;) {
      const page = await store.listDeliveries({ webhookId, limit: 2, ...(cursor === '' ? {} : { cursor }) });
      seen.push(...page.deliveries.map(({ eventId }) => eventId.split('/')[2] ?? ''));
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect(seen).toEqual(['5', '4', '3', '2', '1']);
    expect(
      (await store.listDeliveries({ webhookId, state: 'dead', limit: 10 })).deliveries.map(
        ({ eventId }) => eventId,
      ),
    ).toEqual([`message/${chatId}/2`]);
    await expect(store.listDeliveries({ webhookId, limit: 10, cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'VALIDATION',
    });
  });

  it('keeps delivered ones for 7 days and dead ones for 30', async () => {
    const { id } = await register();
    await queue.enqueue([1, 2, 3, 4, 5].map((rev) => event(rev)));
    for (const end of [deliver, deliver, kill, kill]) await end();
    const age = (rev: number, days: number) =>
      database.query(
        `UPDATE webhook.delivery SET last_at = now() - $2 * interval '1 day', created_at = now() - interval '90 days' WHERE event_id LIKE '%/' || $1`,
        [String(rev), days],
      );
    for (const [rev, days] of [
      [1, 6.9],
      [2, 7.1],
      [3, 29.9],
      [4, 30.1],
      [5, 90],
    ] as const)
      await age(rev, days);
    await queue.prune();
    expect((await log(id)).map(({ eventId }) => eventId.split('/')[2])).toEqual(['5', '3', '1']);
    expect(await queue.oldestWaiting()).toBeCloseTo(90 * 86_400, -2);
  });
});

it('a webhook with many due deliveries leaves room for others', async () => {
  const [one, two] = [await register(), await register(['chat.opened'])];
  await queue.enqueue([
    ...Array.from({ length: 30 }, () => event(1, randomUUID())),
    event(1, randomUUID(), 'chat.opened'),
  ]);
  const found = await queue.due(5);
  expect(found.filter(({ webhookId }) => webhookId === one.id)).toHaveLength(5);
  expect(found.filter(({ webhookId }) => webhookId === two.id)).toHaveLength(1);
});
