import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageContracts, type ChatFacts, type LogEntry, type Message } from '@switchboard/shared/contracts';
import { waitFor } from '@switchboard/infra/test';
import { aChat, admin, owner, upTo } from './given.ts';
import { refusal, startMessageService, type TestMessageService } from './service.ts';

let service: TestMessageService;
beforeAll(async () => {
  service = await startMessageService();
});
afterAll(() => service.stop());

const { sendMessage, joinChat, listMessages, readMessages, readLog, readHeads, ping } = messageContracts;

const addChat = (facts: Partial<ChatFacts> = {}) => service.database.addChat(aChat(facts));
const join = (chatId: string) => service.gateway.request(joinChat, { chatId }, { actor: owner });
const list = (chatId: string, page: { limit?: number; cursor?: string } = {}) =>
  service.gateway.request(listMessages, { chatId, ...page }, { actor: owner });
const read = (chatId: string, messageIds: string[], actor = admin) =>
  service.gateway.request(readMessages, { chatId, messageIds }, { actor });
const log = (chatId: string, after = 0, limit = 500) =>
  service.gateway.request(readLog, { chatId, after, limit });
const sendAll = (chatId: string, count: number): Promise<Message[]> =>
  Promise.all(upTo(count).map((n) => service.send(chatId, { text: `m${n}` })));

/** Receives a room's entries as a gateway does, and checks for each whether it was stored on receipt. */
async function follow(chatId: string) {
  const entries: LogEntry[] = [];
  const stored: Promise<boolean>[] = [];
  const subscription = service.gateway.followRoom(chatId, (_owner, { meta, payload }) => {
    entries.push({
      event: meta.event,
      rev: meta.rev ?? -1,
      author: meta.author,
      payload: JSON.parse(payload),
    });
    stored.push(
      service.database
        .query('SELECT 1 FROM message.chat_log WHERE chat_id = $1 AND rev = $2', [chatId, meta.rev])
        .then(({ rowCount }) => rowCount === 1),
    );
  });
  await subscription.untilSubscribed();
  return { entries, allStored: async () => (await Promise.all(stored)).every(Boolean) };
}

/** All pages, newest first. */
async function allPages(
  chatId: string,
  limit: number,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Message[][]> {
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
  it('replies with the message as the history returns it', async () => {
    const chatId = await addChat();
    const first = await service.send(chatId, { text: ' byte for byte \r\n é ' });
    const reply = await service.send(chatId, { text: 'reply', replyToId: first.id }, admin);
    expect(reply.replyTo).toEqual(first);
    expect((await join(chatId)).messages).toEqual([first, reply]);
    expect((await list(chatId)).messages).toEqual([first, reply]);
  });

  it('marks a repeat as deduplicated and does not publish it', async () => {
    const chatId = await addChat();
    const room = await follow(chatId);
    const message = { text: 'once', clientMessageId: 'k' };
    const first = await service.send(chatId, message);
    expect(await service.gateway.request(sendMessage, { chatId, message }, { actor: owner })).toEqual({
      ...first,
      deduplicated: true,
    });
    expect(first).not.toHaveProperty('deduplicated');
    await service.send(chatId, { text: 'last' });
    await waitFor(() => room.entries.length >= 2, { what: 'the last message' });
    expect(room.entries.map(({ rev }) => rev)).toEqual([1, 2]);
  });

  it('returns the edited message with `deduplicated: true` when a retry follows an edit', async () => {
    const chatId = await addChat();
    const first = await service.send(chatId, { text: 'first', clientMessageId: 'key' });
    await service.database.query("UPDATE message.message SET text = 'edited' WHERE id = $1", [first.id]);
    expect(await service.send(chatId, { text: 'first', clientMessageId: 'key' })).toEqual({
      ...first,
      text: 'edited',
      deduplicated: true,
    });
    expect(await refusal(service.send(chatId, { text: 'another', clientMessageId: 'key' }))).toBe(
      'DUPLICATE_KEY',
    );
  });

  it('publishes the entries of the log to the room after COMMIT, in order', async () => {
    const chatId = await addChat();
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
  it('returns the last 50 messages, oldest first, and their log positions', async () => {
    const chatId = await addChat({ version: 4 });
    await sendAll(chatId, 53);
    const { messages, ...rest } = await join(chatId);
    expect(messages.map(({ seq }) => seq)).toEqual(upTo(53).slice(-50));
    expect(rest).toEqual({
      chatId,
      status: 'ACTIVE',
      readMarks: [{ chatId, userId: owner.id, seq: 53, at: messages.at(-1)?.createdAt }],
      revs: { chat: 4, message: 53 },
    });
  });

  it('returns as many of the last messages as the request names', async () => {
    const chatId = await addChat();
    await sendAll(chatId, 12);
    const { messages } = await service.gateway.request(joinChat, { chatId, limit: 10 }, { actor: owner });
    expect(messages.map(({ seq }) => seq)).toEqual(upTo(12).slice(-10));
  });

  it('returns an empty chat', async () => {
    expect(await join(await addChat())).toMatchObject({ messages: [], revs: { chat: 1, message: 0 } });
  });
});

describe('listMessages', () => {
  it('returns pages newest first, each with its oldest message first', async () => {
    const chatId = await addChat();
    await sendAll(chatId, 25);
    const pages = await allPages(chatId, 10);
    expect(pages.map((page) => page.map(({ seq }) => seq))).toEqual([
      upTo(25).slice(15),
      upTo(15).slice(5),
      upTo(5),
    ]);
  });

  it('returns no cursor with the page that holds the first message', async () => {
    const chatId = await addChat();
    expect(await list(chatId)).toEqual({ messages: [] });
    await sendAll(chatId, 20);
    expect(await allPages(chatId, 10)).toHaveLength(2);
    expect((await list(chatId, { limit: 20 })).nextCursor).toBeUndefined();
  });

  it('repeats and skips nothing while messages arrive', async () => {
    const chatId = await addChat();
    await sendAll(chatId, 47);
    const pages = await allPages(chatId, 10, () => sendAll(chatId, 3));
    expect(
      pages
        .toReversed()
        .flat()
        .map(({ seq }) => seq),
    ).toEqual(upTo(47));
  });

  it('returns 50 messages by default and 100 at most', async () => {
    const chatId = await addChat();
    await sendAll(chatId, 60);
    expect((await list(chatId)).messages).toHaveLength(50);
    for (const limit of [0, 101, 1.5]) expect(await refusal(list(chatId, { limit }))).toBe('VALIDATION');
  });

  it('refuses a cursor that it did not encode', async () => {
    expect(await refusal(list(await addChat(), { cursor: 'nonsense' }))).toBe('VALIDATION');
  });

  it('limits pages of the largest texts by bytes, and together they are complete', async () => {
    const chatId = await addChat();
    const text = '\u0001'.repeat(7_999) + 'x';
    // Fifteen at a time: all at once are five megabytes within the deadline of a request.
    for (let sent = 0; sent < 105; sent += 15)
      await Promise.all(upTo(15).map(() => service.send(chatId, { text })));
    const pages = await allPages(chatId, 100);
    expect(pages[0]!.length).toBeLessThan(100);
    expect(
      pages
        .toReversed()
        .flat()
        .map(({ seq }) => seq),
    ).toEqual(upTo(105));

    const read: number[] = [];
    for (let hasMore = true; hasMore;) {
      const part = await log(chatId, read.at(-1));
      expect(part.entries.length).toBeLessThan(100);
      read.push(...part.entries.map(({ rev }) => rev));
      hasMore = part.hasMore;
    }
    expect(read).toEqual(upTo(105));
    // joinChat returns as many of the last messages as fit.
    const { messages } = await service.gateway.request(
      messageContracts.joinChat,
      { chatId },
      { actor: owner },
    );
    expect(messages.map(({ seq }) => seq)).toEqual(upTo(105).slice(-messages.length));
    expect(Buffer.byteLength(JSON.stringify(messages))).toBeLessThan(1.1 * 1024 * 1024);
  });
});

describe('readMessages', () => {
  it('replies for all messages, and publishes only the newly read ones, oldest first', async () => {
    const chatId = await addChat();
    const ids = (await sendAll(chatId, 3)).map(({ id }) => id);
    const [a, b, c] = [ids[0]!, ids[1]!, ids[2]!];
    const room = await follow(chatId);

    expect(await read(chatId, [b])).toEqual([{ id: b, readBy: admin.id }]);
    expect(await read(chatId, [c, b, a, a])).toEqual([c, b, a].map((id) => ({ id, readBy: admin.id })));
    expect(await read(chatId, [a, b])).toHaveLength(2);
    await service.send(chatId, { text: 'last' });

    await waitFor(() => room.entries.length >= 4, { what: 'the last entry' });
    expect(room.entries.map(({ rev, event }) => [rev, event])).toEqual([
      [4, 'messagesRead'],
      [5, 'messagesRead'],
      [6, 'chatRead'],
      [7, 'newMessage'],
    ]);
    expect(room.entries[0]).toMatchObject({
      author: admin.id,
      payload: { chatId, userId: admin.id, messageIds: [b] },
    });
    expect(room.entries[1]?.payload).toEqual({ chatId, userId: admin.id, messageIds: [a, c] });
    expect((await log(chatId, 3)).entries).toEqual(room.entries);
  });

  it('marks all or nothing', async () => {
    const chatId = await addChat();
    const elsewhere = (await sendAll(await addChat(), 1))[0]!.id;
    const a = (await sendAll(chatId, 1))[0]!.id;
    for (const wrong of [randomUUID(), elsewhere, 'not-an-id'])
      expect(await refusal(read(chatId, [a, wrong]))).toBe('MESSAGE_NOT_FOUND');
    const { rows } = await service.database.query('SELECT 1 FROM message.message_read WHERE chat_id = $1', [
      chatId,
    ]);
    expect(rows).toEqual([]);
    expect((await log(chatId)).entries).toHaveLength(1);
  });

  it('marks messages for each user separately', async () => {
    const chatId = await addChat();
    const a = (await sendAll(chatId, 1))[0]!.id;
    await read(chatId, [a], admin);
    await read(chatId, [a], owner);
    const { entries } = await log(chatId, 1);
    expect(entries.flatMap(({ event, author }) => (event === 'messagesRead' ? author : []))).toEqual([
      admin.id,
      owner.id,
    ]);
  });

  it('numbers concurrent reads and sends without a gap', async () => {
    const chatId = await addChat();
    const ids = (await sendAll(chatId, 10)).map(({ id }) => id);
    await Promise.all([
      ...ids.map((id) => read(chatId, [id])),
      ...ids.map((id) => read(chatId, [id], owner)),
      sendAll(chatId, 10),
    ]);
    const { entries } = await log(chatId);
    expect(entries.filter(({ event }) => event !== 'chatRead')).toHaveLength(40);
    expect(entries.map(({ rev }) => rev)).toEqual(upTo(entries.length));
  });
});

describe('the log', () => {
  it('is read in pages from a position', async () => {
    const chatId = await addChat();
    await sendAll(chatId, 5);
    const page = await log(chatId, 1, 2);
    expect(page.entries.map(({ rev }) => rev)).toEqual([2, 3]);
    expect(page.hasMore).toBe(true);
    expect((await log(chatId, 5)).entries).toEqual([]);
  });

  it('returns the heads of the chats that have entries', async () => {
    const [chatId, silentChat] = [await addChat(), await addChat()];
    await sendAll(chatId, 3);
    await join(silentChat);
    const { heads } = await service.gateway.request(readHeads, {
      chatIds: [chatId, silentChat, randomUUID()],
    });
    expect(heads).toEqual([{ chatId, rev: 3 }]);
  });
});

it('replies to a ping while its database is reachable', async () => {
  expect(await service.gateway.request(ping, {})).toEqual({ ready: true });
});
