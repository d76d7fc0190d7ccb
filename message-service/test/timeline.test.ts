import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  chatOpened,
  chatStatusChanged,
  logEntry,
  messageContracts,
  type ChatStatus,
  type PayloadOf,
  type ReplyOf,
} from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { aChat, admin, owner } from './given.ts';
import { startMessageService, type TestMessageService } from './service.ts';

let service: TestMessageService;
beforeAll(async () => {
  service = await startMessageService();
});
afterAll(() => service.stop());

const { applyChat, readTimeline } = messageContracts;

/** A chat with the first entry of its log. */
function openChat(): string {
  const id = service.chatService.open();
  service.chatService.logs.set(id, [logEntry(chatOpened, 1, { chatId: id, clientId: owner.id })]);
  return id;
}

/** The next change of the chat's status, as chat-service commits it and gives it to message-service. */
async function change(chatId: string, status: ChatStatus): Promise<ReplyOf<typeof applyChat>> {
  const log = service.chatService.logs.get(chatId) ?? [];
  const version = log.length + 1;
  log.push(logEntry(chatStatusChanged, version, { chatId, status, at: AT, by: admin.id }));
  return apply(chatId, status, version, version - 1);
}

const apply = (chatId: string, status: ChatStatus, version: number, since?: number) =>
  service.chatService.bus.request(applyChat, { chat: aChat({ id: chatId, status, version }), since });

const AT = '2026-03-14T15:09:26.535Z';
const timeline = (payload: PayloadOf<typeof readTimeline>) =>
  service.gateway.request(readTimeline, payload, { actor: owner });

describe('the place of an entry', () => {
  it('is behind the last message that was appended before message-service applied it', async () => {
    const chatId = openChat();
    expect(await change(chatId, 'PENDING')).toEqual({
      version: 2,
      placements: [{ rev: 2, afterSeq: 0, afterRev: 0 }],
    });
    await service.send(chatId, { text: 'one' });
    const two = await service.send(chatId, { text: 'two' });
    await service.gateway.request(
      messageContracts.readMessages,
      { chatId, messageIds: [two.id] },
      { actor: admin },
    );
    await service.send(chatId, { text: 'three' });
    expect(await change(chatId, 'ACTIVE')).toEqual({
      version: 3,
      placements: [{ rev: 3, afterSeq: 3, afterRev: 4 }],
    });
  });

  it('stays when it is requested again, after further messages', async () => {
    const chatId = openChat();
    await service.send(chatId, { text: 'one' });
    await change(chatId, 'ACTIVE');
    await service.send(chatId, { text: 'two' });
    await change(chatId, 'PENDING');
    await service.send(chatId, { text: 'three' });
    expect((await apply(chatId, 'PENDING', 3, 0)).placements).toEqual([
      { rev: 1, afterSeq: 0, afterRev: 0 },
      { rev: 2, afterSeq: 1, afterRev: 1 },
      { rev: 3, afterSeq: 2, afterRev: 2 },
    ]);
  });

  it('is not named to an earlier version of chat-service, which does not ask', async () => {
    expect(await apply(openChat(), 'ACTIVE', 2)).toEqual({ version: 2 });
  });

  it('names at most a page of entries, the last ones', async () => {
    const { placements = [] } = await apply(openChat(), 'ACTIVE', 1_000, 0);
    expect([placements.length, placements[0]?.rev, placements.at(-1)?.rev]).toEqual([500, 501, 1_000]);
  });

  it('of a close is exact while messages are sent without pause', async () => {
    for (let round = 0; round < 10; round++) {
      const chatId = openChat();
      await service.send(chatId, { text: 'first' });
      let isClosed = false;
      const writers = [owner, admin, owner, admin].map(async (actor) => {
        const accepted: number[] = [];
        while (!isClosed)
          try {
            accepted.push((await service.send(chatId, { text: 'x' }, actor)).seq);
          } catch (error) {
            if (!(error instanceof Failure) || error.code !== 'CHAT_CLOSED') throw error;
          }
        return accepted;
      });
      const { placements } = await change(chatId, 'CLOSED');
      isClosed = true;
      const accepted = (await Promise.all(writers)).flat();
      expect(placements).toEqual([
        { rev: 2, afterSeq: Math.max(1, ...accepted), afterRev: Math.max(1, ...accepted) },
      ]);
    }
  });
});

describe('the timeline', () => {
  it('has the changes between the messages, in pages from the newest back', async () => {
    const chatId = openChat();
    await service.send(chatId, { text: 'one' });
    await change(chatId, 'CLOSED');
    await change(chatId, 'PENDING');
    await service.send(chatId, { text: 'two' });
    await change(chatId, 'CLOSED');

    const closed = (afterSeq: number) => ({
      kind: 'statusChanged',
      chatId,
      status: 'CLOSED',
      at: AT,
      by: admin.id,
      afterSeq,
    });
    const reopened = { ...closed(1), status: 'PENDING' };
    const message = (text: string) => ({ kind: 'message', message: { text } });
    const all = [message('one'), closed(1), reopened, message('two'), closed(2)];
    const whole = await timeline({ chatId });
    expect(whole).toMatchObject({ items: all });
    expect(whole.nextCursor).toBeUndefined();

    const pages = [];
    for (let cursor: string | undefined, isLast = false; !isLast;) {
      const page = await timeline({ chatId, limit: 2, cursor });
      pages.unshift(page.items);
      cursor = page.nextCursor;
      isLast = cursor === undefined;
    }
    expect(pages).toMatchObject([all.slice(0, 1), all.slice(1, 3), all.slice(3)]);
  });

  it('has the same places for entries of an earlier version, which stored none', async () => {
    const chatId = openChat();
    await service.send(chatId, { text: 'one' });
    service.chatService.logs.get(chatId)?.push({
      event: 'chatStatusChanged',
      rev: 2,
      payload: { chatId, status: 'ACTIVE' },
    });
    await apply(chatId, 'ACTIVE', 2);
    await service.send(chatId, { text: 'two' });
    expect((await timeline({ chatId })).items).toMatchObject([
      { kind: 'message' },
      { kind: 'statusChanged', status: 'ACTIVE', afterSeq: 1 },
      { kind: 'message' },
    ]);
  });

  it('of a chat in which nothing happened is empty', async () => {
    expect(await timeline({ chatId: openChat() })).toEqual({ items: [] });
  });

  it.each(['x', 'dGltZWxpbmU6MDow', 'YmVmb3JlOjUxOTI'])(
    'refuses %s, which is no cursor of it',
    async (cursor) => {
      const refused = await timeline({ chatId: openChat(), cursor }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'VALIDATION', details: { issues: [{ path: 'cursor' }] } });
    },
  );

  it('is unavailable while chat-service is away, and a retry may help', async () => {
    const chatId = openChat();
    await service.send(chatId, { text: 'one' });
    await service.chatService.stop();
    expect(await timeline({ chatId }).catch((error: unknown) => error)).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    });
  });
});
