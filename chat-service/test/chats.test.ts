import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chatContracts, type Chat } from '@switchboard/shared/contracts';
import { randomUUID } from 'node:crypto';
import { admin, aClient, failureOf, Harness, startMessageService, type MessageService } from './harness.ts';

let chats: Harness;
let messageService: MessageService;
beforeAll(async () => {
  chats = await Harness.start();
  messageService = await startMessageService(chats.nats);
});
afterAll(async () => {
  await messageService.stop();
  await chats.stop();
});

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const idsOf = (list: readonly Chat[]): string[] => list.map(({ id }) => id);

describe('opening', () => {
  it('creates a pending chat for the client', async () => {
    const client = aClient();
    const chat = await chats.open(client);
    expect(chat).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      clientId: client.id,
      status: 'PENDING',
      waitingSince: chat.createdAt,
      createdAt: expect.stringMatching(ISO),
      updatedAt: expect.stringMatching(ISO),
    });
    expect(await chats.get(client, chat.id)).toEqual(chat);
    expect(await chats.get(admin, chat.id)).toEqual(chat);
  });

  it('creates a chat for the client that an admin names', async () => {
    expect(await chats.open(admin, 77)).toMatchObject({ clientId: 77, status: 'PENDING' });
    expect(await failureOf(chats.open(admin))).toMatchObject({ code: 'VALIDATION' });
    expect(await failureOf(chats.open(aClient(), 77))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('accepts the largest client id', async () => {
    const chat = await chats.open(admin, Number.MAX_SAFE_INTEGER);
    expect((await chats.get(admin, chat.id)).clientId).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('a foreign chat, an unknown chat and an invalid id', () => {
  it('fail the same way when read and when changed', async () => {
    const stranger = aClient();
    const { id } = await chats.open(aClient());
    const failures = await Promise.all(
      [id, randomUUID(), 'no-id', id.toUpperCase(), '*'].flatMap((chatId) => [
        failureOf(chats.get(stranger, chatId)),
        failureOf(chats.update(stranger, chatId, { status: 'CLOSED' })),
        failureOf(chats.update(stranger, chatId, { status: 'ACTIVE' })),
      ]),
    );
    expect(failures.map(({ code, details, message }) => ({ code, details, message }))).toEqual(
      failures.map(() => ({ code: 'CHAT_NOT_FOUND', details: undefined, message: 'There is no such chat.' })),
    );
    expect(await chats.get(admin, id)).toMatchObject({ status: 'PENDING' });
  });
});

describe('opening with a key', () => {
  it('opens one chat for a double click, and returns it to each repeat', async () => {
    const client = aClient();
    const opened = await Promise.all(Array.from({ length: 5 }, () => chats.open(client, undefined, 'k1')));
    expect(new Set(idsOf(opened)).size).toBe(1);
    expect(opened.filter(({ deduplicated }) => deduplicated !== true)).toHaveLength(1);
    await chats.update(client, opened[0]?.id ?? '', { status: 'CLOSED' });
    expect(await chats.open(client, undefined, '"k1"')).toMatchObject({
      id: opened[0]?.id,
      status: 'CLOSED',
      deduplicated: true,
    });
    expect((await chats.list(client)).chats).toHaveLength(1);
  });

  it('opens another chat for another key, and for another client with the same key', async () => {
    const [client, other] = [aClient(), aClient()];
    const opened = [
      await chats.open(client, undefined, 'k1'),
      await chats.open(client, undefined, 'k2'),
      await chats.open(other, undefined, 'k1'),
      await chats.open(client),
    ];
    expect(new Set(idsOf(opened)).size).toBe(4);
  });
});

describe('the limit of open chats', () => {
  it('holds under concurrent requests, and frees a place with each close', async () => {
    const client = aClient();
    const outcomes = await Promise.allSettled(Array.from({ length: 25 }, () => chats.open(client)));
    const opened = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
    expect(opened).toHaveLength(20);
    const [newest] = (await chats.list(client)).chats;
    expect(await failureOf(chats.open(client))).toMatchObject({
      code: 'TOO_MANY_CHATS',
      details: { limit: 20, chatId: newest?.id },
    });
    await chats.update(client, opened[0] ?? '', { status: 'CLOSED' });
    await chats.open(client);
  });
});

describe('listing', () => {
  it('returns own chats to a client and all chats to an admin, newest first', async () => {
    const client = aClient();
    const own = [await chats.open(client), await chats.open(client), await chats.open(client)];
    const foreign = await chats.open(aClient());
    expect((await chats.list(client)).chats).toEqual(own.toReversed());
    const all = idsOf((await chats.list(admin, { limit: 100 })).chats);
    expect(all.slice(0, 4)).toEqual([foreign, ...own.toReversed()].map(({ id }) => id));
  });

  it('returns the longest waiting first, and closed chats newest first', async () => {
    const client = aClient();
    const [first, second, third] = [
      await chats.open(client),
      await chats.open(client),
      await chats.open(client),
    ];
    await chats.update(admin, second.id, { status: 'ACTIVE', adminId: admin.id });
    expect(idsOf((await chats.list(client, { status: 'PENDING' })).chats)).toEqual([first.id, third.id]);
    expect(idsOf((await chats.list(client, { status: 'ACTIVE' })).chats)).toEqual([second.id]);
    await chats.update(client, first.id, { status: 'CLOSED' });
    await chats.update(client, third.id, { status: 'CLOSED' });
    expect(idsOf((await chats.list(client, { status: 'CLOSED' })).chats)).toEqual([third.id, first.id]);
  });

  it('orders the waiting by the moment at which they began to wait, which a release and a reopening renew', async () => {
    const client = aClient();
    const first = await chats.open(client);
    const second = await chats.open(client);
    const third = await chats.open(client);
    await chats.update(client, first.id, { status: 'CLOSED' });
    await chats.update(admin, second.id, { status: 'ACTIVE' });
    expect(await chats.get(client, second.id)).not.toHaveProperty('waitingSince');
    const reopened = await chats.update(admin, first.id, { status: 'PENDING' });
    const released = await chats.update(admin, second.id, { status: 'PENDING' });
    const waiting = (await chats.list(client, { status: 'PENDING' })).chats;
    expect(waiting).toEqual([third, reopened, released]);
    expect(third.waitingSince).toBe(third.createdAt);
    expect(Date.parse(reopened.waitingSince ?? '')).toBeGreaterThan(Date.parse(first.createdAt));
    const page = await chats.list(client, { status: 'PENDING', limit: 2 });
    expect((await chats.list(client, { status: 'PENDING', cursor: page.nextCursor })).chats).toEqual([
      released,
    ]);
  });

  it.each([{}, { status: 'PENDING' as const }])(
    'neither repeats nor skips a chat across pages while others are opened: %j',
    async (filter) => {
      const client = aClient();
      const before = await Promise.all(Array.from({ length: 11 }, () => chats.open(client)));
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await chats.list(client, { ...filter, limit: 3, cursor });
        expect(page.chats.length).toBeLessThanOrEqual(3);
        seen.push(...idsOf(page.chats));
        cursor = page.nextCursor;
        if (seen.length < 9) await Promise.all([chats.open(client), chats.open(client)]);
      } while (cursor !== undefined);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toEqual(expect.arrayContaining(idsOf(before)));
      if (filter.status === undefined) expect([...seen].sort()).toEqual(idsOf(before).sort());
    },
  );

  it('pages through chats of the same millisecond', async () => {
    const client = aClient();
    const opened = await Promise.all(Array.from({ length: 7 }, () => chats.open(client)));
    await chats.database.query('UPDATE chat.chat SET created_at = $1 WHERE client_id = $2', [
      new Date(),
      client.id,
    ]);
    const seen: string[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await chats.list(client, { limit: 2, cursor });
      seen.push(...idsOf(page.chats));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(idsOf(opened).sort().reverse());
  });

  it('returns no cursor with the last page, even when it is full', async () => {
    const client = aClient();
    await chats.open(client);
    await chats.open(client);
    expect((await chats.list(client, { limit: 2 })).nextCursor).toBeUndefined();
    expect(await chats.list(aClient())).toEqual({ chats: [] });
  });

  it('fails with VALIDATION for an invalid cursor or limit', async () => {
    expect(await failureOf(chats.list(admin, { cursor: 'x' }))).toMatchObject({ code: 'VALIDATION' });
    expect(await failureOf(chats.list(admin, { limit: 0 }))).toMatchObject({ code: 'VALIDATION' });
  });

  it("returns no foreign chats for another user's cursor", async () => {
    const client = aClient();
    await Promise.all([chats.open(client), chats.open(client)]);
    const { nextCursor } = await chats.list(client, { limit: 1 });
    expect(await chats.list(aClient(), { cursor: nextCursor })).toEqual({ chats: [] });
  });
});

it('replies to a ping while the service can serve', async () => {
  expect(await chats.gateway.request(chatContracts.ping, {})).toEqual({ ready: true });
});
