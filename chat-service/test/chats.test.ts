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
  await messageService.leave();
  await chats.stop();
});

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const idsOf = (list: readonly Chat[]): string[] => list.map(({ id }) => id);

describe('opening', () => {
  it('makes a waiting chat of the client\'s own', async () => {
    const client = aClient();
    const chat = await chats.open(client);
    expect(chat).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), clientId: client.id, status: 'PENDING', createdAt: expect.stringMatching(ISO), updatedAt: expect.stringMatching(ISO) });
    expect(await chats.get(client, chat.id)).toEqual(chat);
    expect(await chats.get(admin, chat.id)).toEqual(chat);
  });

  it('by an admin makes it for the client they name', async () => {
    expect(await chats.open(admin, 77)).toMatchObject({ clientId: 77, status: 'PENDING' });
    expect(await failureOf(chats.open(admin))).toMatchObject({ code: 'VALIDATION' });
    expect(await failureOf(chats.open(aClient(), 77))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('takes an id as large as there are', async () => {
    const chat = await chats.open(admin, Number.MAX_SAFE_INTEGER);
    expect((await chats.get(admin, chat.id)).clientId).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('a chat that is not theirs, not there or no id', () => {
  it('reads the same, to see and to change', async () => {
    const stranger = aClient();
    const { id } = await chats.open(aClient());
    const answers = await Promise.all([id, randomUUID(), 'no-id', id.toUpperCase(), '*'].flatMap((chatId) => [
      failureOf(chats.get(stranger, chatId)),
      failureOf(chats.update(stranger, chatId, { status: 'CLOSED' })),
      failureOf(chats.update(stranger, chatId, { status: 'ACTIVE' })),
    ]));
    expect(answers.map(({ code, details, message }) => ({ code, details, message }))).toEqual(answers.map(() => ({ code: 'CHAT_NOT_FOUND', details: undefined, message: 'There is no such chat.' })));
    expect(await chats.get(admin, id)).toMatchObject({ status: 'PENDING' });
  });
});

describe('listing', () => {
  it('gives a client their own, newest first, and an admin everybody\'s', async () => {
    const client = aClient();
    const own = [await chats.open(client), await chats.open(client), await chats.open(client)];
    const foreign = await chats.open(aClient());
    expect((await chats.list(client)).chats).toEqual(own.toReversed());
    const all = idsOf((await chats.list(admin, { limit: 100 })).chats);
    expect(all.slice(0, 4)).toEqual([foreign, ...own.toReversed()].map(({ id }) => id));
  });

  it('gives the longest waiting first, and closed chats newest first', async () => {
    const client = aClient();
    const [first, second, third] = [await chats.open(client), await chats.open(client), await chats.open(client)];
    await chats.update(admin, second.id, { status: 'ACTIVE', adminId: admin.id });
    expect(idsOf((await chats.list(client, { status: 'PENDING' })).chats)).toEqual([first.id, third.id]);
    expect(idsOf((await chats.list(client, { status: 'ACTIVE' })).chats)).toEqual([second.id]);
    await chats.update(client, first.id, { status: 'CLOSED' });
    await chats.update(client, third.id, { status: 'CLOSED' });
    expect(idsOf((await chats.list(client, { status: 'CLOSED' })).chats)).toEqual([third.id, first.id]);
  });

  it.each([{}, { status: 'PENDING' as const }])('in pages neither repeats nor skips while others are opened: %j', async (filter) => {
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
  });

  it('keeps chats of one millisecond apart', async () => {
    const client = aClient();
    const opened = await Promise.all(Array.from({ length: 7 }, () => chats.open(client)));
    await chats.database.query('UPDATE chat.chat SET created_at = $1 WHERE client_id = $2', [new Date(), client.id]);
    const seen: string[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await chats.list(client, { limit: 2, cursor });
      seen.push(...idsOf(page.chats));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(idsOf(opened).sort().reverse());
  });

  it('has no next page after the last, even when it is full', async () => {
    const client = aClient();
    await chats.open(client);
    await chats.open(client);
    expect((await chats.list(client, { limit: 2 })).nextCursor).toBeUndefined();
    expect(await chats.list(aClient())).toEqual({ chats: [] });
  });

  it('refuses a cursor that is made up', async () => {
    expect(await failureOf(chats.list(admin, { cursor: 'x' }))).toMatchObject({ code: 'VALIDATION' });
    expect(await failureOf(chats.list(admin, { limit: 0 }))).toMatchObject({ code: 'VALIDATION' });
  });

  it('shows nobody another\'s chats with another\'s cursor', async () => {
    const client = aClient();
    await Promise.all([chats.open(client), chats.open(client)]);
    const { nextCursor } = await chats.list(client, { limit: 1 });
    expect(await chats.list(aClient(), { cursor: nextCursor })).toEqual({ chats: [] });
  });
});

it('a ping is answered while the service can serve', async () => {
  expect(await chats.gateway.request(chatContracts.ping, {})).toEqual({ ready: true });
});
