import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageContracts, type ChatFacts, type LogEntry, type Message } from '@switchboard/shared/contracts';
import { waitFor } from '../../infra/testing/index.ts';
import { aChat, admin, owner, upTo } from './given.ts';
import { refusal, startMessageService, type TestMessageService } from './service.ts';

let service: TestMessageService;
beforeAll(async () => { service = await startMessageService(); });
afterAll(() => service.stop());

const { sendMessage, joinChat, listMessages, readMessages, readLog, readHeads, ping } = messageContracts;

const knownChat = (facts: Partial<ChatFacts> = {}) => service.database.addChat(aChat(facts));
const join = (chatId: string) => service.gateway.request(joinChat, { chatId }, { actor: owner });
const list = (chatId: string, page: { limit?: number; cursor?: string } = {}) => service.gateway.request(listMessages, { chatId, ...page }, { actor: owner });
const read = (chatId: string, messageIds: string[], actor = admin) => service.gateway.request(readMessages, { chatId, messageIds }, { actor });
const log = (chatId: string, after = 0, limit = 500) => service.gateway.request(readLog, { chatId, after, limit });
const sendAll = (chatId: string, count: number): Promise<Message[]> => Promise.all(upTo(count).map((n) => service.send(chatId, { text: `m${n}` })));

/** Hears a room as a gateway does: every entry, and for messages whether they were stored when they were heard. */
async function follow(chatId: string) {
  const entries: LogEntry[] = [];
  const stored: Promise<boolean>[] = [];
  const subscription = service.gateway.followRoom(chatId, (_owner, { meta, payload }) => {
    entries.push({ event: meta.event, rev: meta.rev ?? -1, author: meta.author, payload: JSON.parse(payload) });
    stored.push(service.database.query('SELECT 1 FROM message.chat_log WHERE chat_id = $1 AND rev = $2', [chatId, meta.rev]).then(({ rowCount }) => rowCount === 1));
  });
  await subscription.untilHeard();
  return { entries, allStored: async () => (await Promise.all(stored)).every(Boolean) };
}

/** All pages, from the newest back. */
async function allPages(chatId: string, limit: number, between: () => Promise<unknown> = () => Promise.resolve()): Promise<Message[][]> {
  const pages: Message[][] = [];
  let cursor: string | undefined;
  do {
    const page = await list(chatId, { limit, cursor });
    pages.push(page.messages);
    cursor = page.nextCursor;
    await between();
  } while (cursor !== undefined);
  return pages;
}

describe('sendMessage', () => {
  it('answers with the message as the history has it', async () => {
    const chatId = await knownChat();
    const first = await service.send(chatId, { text: ' byte for byte \r\n é ' });
    const reply = await service.send(chatId, { text: 'reply', replyToId: first.id }, admin);
    expect(reply.replyTo).toEqual(first);
    expect((await join(chatId)).messages).toEqual([first, reply]);
    expect((await list(chatId)).messages).toEqual([first, reply]);
  });

  it('marks a repeat as one and tells nobody of it', async () => {
    const chatId = await knownChat();
    const room = await follow(chatId);
    const message = { text: 'once', clientMessageId: 'k' };
    const first = await service.send(chatId, message);
    expect(await service.gateway.request(sendMessage, { chatId, message }, { actor: owner })).toEqual({ ...first, deduplicated: true });
    expect(first).not.toHaveProperty('deduplicated');
    await service.send(chatId, { text: 'last' });
    await waitFor(() => room.entries.length >= 2, { what: 'the last message' });
    expect(room.entries.map(({ rev }) => rev)).toEqual([1, 2]);
  });

  it('tells the room after COMMIT, in order, what the log holds', async () => {
    const chatId = await knownChat();
    const room = await follow(chatId);
    const sent = await sendAll(chatId, 60);
    await waitFor(() => room.entries.length === 60, { what: 'all entries' });
    expect(room.entries.map(({ rev }) => rev)).toEqual(upTo(60));
    expect(room.entries.map(({ payload }) => payload)).toEqual(sent);
    expect(await room.allStored()).toBe(true);
    expect((await log(chatId)).entries).toEqual(room.entries);
  });
});

describe('joinChat', () => {
  it('answers with the last 50 messages, oldest first, and the positions they stand for', async () => {
    const chatId = await knownChat({ version: 4 });
    await sendAll(chatId, 53);
    const { messages, ...rest } = await join(chatId);
    expect(messages.map(({ seq }) => seq)).toEqual(upTo(53).slice(-50));
    expect(rest).toEqual({ chatId, status: 'ACTIVE', revs: { chat: 4, message: 53 } });
  });

  it('answers an empty chat', async () => {
    expect(await join(await knownChat())).toMatchObject({ messages: [], revs: { chat: 1, message: 0 } });
  });
});

describe('listMessages', () => {
  it('pages from the newest back, oldest first within a page', async () => {
    const chatId = await knownChat();
    await sendAll(chatId, 25);
    const pages = await allPages(chatId, 10);
    expect(pages.map((page) => page.map(({ seq }) => seq))).toEqual([upTo(25).slice(15), upTo(15).slice(5), upTo(5)]);
  });

  it('ends without a cursor, exactly at the first message', async () => {
    const chatId = await knownChat();
    expect(await list(chatId)).toEqual({ messages: [] });
    await sendAll(chatId, 20);
    expect(await allPages(chatId, 10)).toHaveLength(2);
    expect((await list(chatId, { limit: 20 })).nextCursor).toBeUndefined();
  });

  it('repeats and skips nothing while messages come in', async () => {
    const chatId = await knownChat();
    await sendAll(chatId, 47);
    const pages = await allPages(chatId, 10, () => sendAll(chatId, 3));
    expect(pages.toReversed().flat().map(({ seq }) => seq)).toEqual(upTo(47));
  });

  it('gives 50 at once unless told, 100 at most', async () => {
    const chatId = await knownChat();
    await sendAll(chatId, 60);
    expect((await list(chatId)).messages).toHaveLength(50);
    for (const limit of [0, 101, 1.5]) expect(await refusal(list(chatId, { limit }))).toBe('VALIDATION');
  });

  it('refuses a cursor that it did not make', async () => {
    expect(await refusal(list(await knownChat(), { cursor: 'nonsense' }))).toBe('VALIDATION');
  });

  it('parts pages of the largest texts by bytes, and all pages together are complete', async () => {
    const chatId = await knownChat();
    const text = '\u0001'.repeat(7_999) + 'x';
    await Promise.all(upTo(105).map(() => service.send(chatId, { text })));
    const pages = await allPages(chatId, 100);
    expect(pages[0]!.length).toBeLessThan(100);
    expect(pages.toReversed().flat().map(({ seq }) => seq)).toEqual(upTo(105));

    const read: number[] = [];
    for (let hasMore = true; hasMore;) {
      const part = await log(chatId, read.at(-1));
      expect(part.entries.length).toBeLessThan(100);
      read.push(...part.entries.map(({ rev }) => rev));
      hasMore = part.hasMore;
    }
    expect(read).toEqual(upTo(105));
    // And who joins gets as many of the last as fit, complete with those that a page before them holds.
    const { messages } = await service.gateway.request(messageContracts.joinChat, { chatId }, { actor: owner });
    expect(messages.map(({ seq }) => seq)).toEqual(upTo(105).slice(-messages.length));
    expect(Buffer.byteLength(JSON.stringify(messages))).toBeLessThan(1.1 * 1024 * 1024);
  });
});

describe('readMessages', () => {
  it('answers for all, and the room hears only of the newly read, oldest first', async () => {
    const chatId = await knownChat();
    const ids = (await sendAll(chatId, 3)).map(({ id }) => id);
    const [a, b, c] = [ids[0]!, ids[1]!, ids[2]!];
    const room = await follow(chatId);

    expect(await read(chatId, [b])).toEqual([{ id: b, readBy: admin.id }]);
    expect(await read(chatId, [c, b, a, a])).toEqual([c, b, a].map((id) => ({ id, readBy: admin.id })));
    expect(await read(chatId, [a, b])).toHaveLength(2);
    await service.send(chatId, { text: 'last' });

    await waitFor(() => room.entries.length >= 3, { what: 'the last entry' });
    expect(room.entries.map(({ rev, event }) => [rev, event])).toEqual([[4, 'messagesRead'], [5, 'messagesRead'], [6, 'newMessage']]);
    expect(room.entries[0]).toMatchObject({ author: admin.id, payload: { chatId, userId: admin.id, messageIds: [b] } });
    expect(room.entries[1]?.payload).toEqual({ chatId, userId: admin.id, messageIds: [a, c] });
    expect((await log(chatId, 3)).entries).toEqual(room.entries);
  });

  it('marks all or nothing', async () => {
    const chatId = await knownChat();
    const elsewhere = (await sendAll(await knownChat(), 1))[0]!.id;
    const a = (await sendAll(chatId, 1))[0]!.id;
    for (const wrong of [randomUUID(), elsewhere, 'not-an-id']) expect(await refusal(read(chatId, [a, wrong]))).toBe('MESSAGE_NOT_FOUND');
    const { rows } = await service.database.query('SELECT 1 FROM message.message_read WHERE chat_id = $1', [chatId]);
    expect(rows).toEqual([]);
    expect((await log(chatId)).entries).toHaveLength(1);
  });

  it('is each user\'s own affair', async () => {
    const chatId = await knownChat();
    const a = (await sendAll(chatId, 1))[0]!.id;
    await read(chatId, [a], admin);
    await read(chatId, [a], owner);
    expect((await log(chatId, 1)).entries.map(({ author }) => author)).toEqual([admin.id, owner.id]);
  });

  it('numbers concurrent reads and sends without a hole', async () => {
    const chatId = await knownChat();
    const ids = (await sendAll(chatId, 20)).map(({ id }) => id);
    await Promise.all([...ids.map((id) => read(chatId, [id])), ...ids.map((id) => read(chatId, [id], owner)), sendAll(chatId, 20)]);
    expect((await log(chatId)).entries.map(({ rev }) => rev)).toEqual(upTo(80));
  });
});

describe('the log', () => {
  it('is read from a position on, in pages', async () => {
    const chatId = await knownChat();
    await sendAll(chatId, 5);
    const page = await log(chatId, 1, 2);
    expect(page.entries.map(({ rev }) => rev)).toEqual([2, 3]);
    expect(page.hasMore).toBe(true);
    expect((await log(chatId, 5)).entries).toEqual([]);
  });

  it('gives the heads of the chats that have entries', async () => {
    const [chatId, silentChat] = [await knownChat(), await knownChat()];
    await sendAll(chatId, 3);
    await join(silentChat);
    const { heads } = await service.gateway.request(readHeads, { chatIds: [chatId, silentChat, randomUUID()] });
    expect(heads).toEqual([{ chatId, rev: 3 }]);
  });
});

it('answers a ping while its database does', async () => {
  expect(await service.gateway.request(ping, {})).toEqual({ ready: true });
});
