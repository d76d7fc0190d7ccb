import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageContracts, type LogEntry } from '@switchboard/shared/contracts';
import { waitFor } from '@switchboard/infra/test';
import { aChat, admin, owner, stranger, upTo } from './given.ts';
import { refusal, startMessageService, type TestMessageService } from './service.ts';

let service: TestMessageService;
beforeAll(async () => {
  service = await startMessageService();
});
afterAll(() => service.stop());

const { deleteMessage, joinChat, readLog, readMessages, readUpTo } = messageContracts;
const addChat = () => service.database.addChat(aChat());
const mark = (chatId: string, seq: number, actor = admin) =>
  service.gateway.request(readUpTo, { chatId, seq }, { actor, socket: { id: 's1', gatewayId: GATEWAY } });
const GATEWAY = '0198c0de-0003-4000-8000-000000000004';
const marksIn = async (chatId: string) =>
  ((await service.gateway.request(joinChat, { chatId }, { actor: owner })).readMarks ?? []).map(
    ({ userId, seq }) => [userId, seq],
  );
const entriesOf = async (chatId: string, after = 0) =>
  (await service.gateway.request(readLog, { chatId, after, limit: 500 })).entries;
const send = async (chatId: string, count: number, actor = owner) => {
  const ids: string[] = [];
  for (const n of upTo(count)) ids.push((await service.send(chatId, { text: `m${n}` }, actor)).id);
  return ids;
};

describe('a read mark', () => {
  it('moves up to a seq, is published without the asking socket, and never moves back', async () => {
    const chatId = await addChat();
    const ids = await send(chatId, 5);
    const live: (LogEntry & { socketId?: string })[] = [];
    await service.gateway
      .followRoom(chatId, (_owner, { meta, payload }) => {
        live.push({ ...meta, rev: meta.rev ?? -1, payload: JSON.parse(payload) });
      })
      .untilSubscribed();

    expect(await mark(chatId, 3)).toEqual({
      chatId,
      userId: admin.id,
      seq: 3,
      at: expect.any(String),
      unread: 2,
    });
    expect(await mark(chatId, 2)).toMatchObject({ seq: 3, unread: 2 });
    expect(await mark(chatId, 99)).toMatchObject({ seq: 5, unread: 0 });
    await waitFor(() => live.length >= 4, { what: 'the marks' });
    expect(live.map(({ event, rev, socketId }) => [event, rev, socketId])).toEqual([
      ['messagesRead', 6, 's1'],
      ['chatRead', 7, 's1'],
      ['messagesRead', 8, 's1'],
      ['chatRead', 9, 's1'],
    ]);
    expect(live[0]?.payload).toMatchObject({ messageIds: ids.slice(0, 3) });
    expect(await marksIn(chatId)).toEqual([
      [owner.id, 5],
      [admin.id, 5],
    ]);
  });

  it('moves with a send of its own user, and every message is named to older clients all the same', async () => {
    const chatId = await addChat();
    const ids = await send(chatId, 2);
    await send(chatId, 1, admin);
    expect(await marksIn(chatId)).toEqual([
      [owner.id, 2],
      [admin.id, 3],
    ]);
    expect(await mark(chatId, 2)).toMatchObject({ seq: 3, unread: 0 });
    const [last, ...more] = await entriesOf(chatId, 3);
    expect([last?.event, last?.payload, more]).toEqual([
      'messagesRead',
      { chatId, userId: admin.id, messageIds: ids },
      [],
    ]);
  });

  it('follows readMessages once no unread message lies before it', async () => {
    const chatId = await addChat();
    const [a, b, c, d] = await send(chatId, 4);
    const read = (...messageIds: (string | undefined)[]) =>
      service.gateway.request(
        readMessages,
        { chatId, messageIds: messageIds.flatMap((id) => id ?? []) },
        { actor: admin },
      );
    await read(b, c);
    expect(await marksIn(chatId)).toEqual([[owner.id, 4]]);
    await read(a);
    expect(await marksIn(chatId)).toContainEqual([admin.id, 3]);
    await read(d);
    expect(await marksIn(chatId)).toContainEqual([admin.id, 4]);
  });

  it('counts as unread what others sent behind it and did not delete', async () => {
    const chatId = await addChat();
    const ids = await send(chatId, 3);
    await send(chatId, 1, admin);
    const later = await send(chatId, 2);
    expect(await mark(chatId, 1)).toMatchObject({ seq: 4, unread: 2 });
    await service.gateway.request(deleteMessage, { chatId, messageId: later[0] ?? '' }, { actor: owner });
    expect(await mark(chatId, 1)).toMatchObject({ unread: 1 });
    expect(ids).toHaveLength(3);
  });

  it('of a chat without messages is 0, and strangers have none', async () => {
    const chatId = await addChat();
    expect(await mark(chatId, 1)).toMatchObject({ seq: 0, unread: 0 });
    expect(await entriesOf(chatId)).toEqual([]);
    expect(await refusal(mark(chatId, 1, stranger))).toBe('CHAT_NOT_FOUND');
  });
});
