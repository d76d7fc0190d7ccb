import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageContracts, type Actor } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { aChat, admin, owner, stranger } from './given.ts';
import { refusal, startMessageService, type TestMessageService } from './service.ts';

let service: TestMessageService;
beforeAll(async () => {
  service = await startMessageService();
});
afterAll(() => service.stop());

const { sendMessage, joinChat, listMessages, readTimeline, readMessages, applyChat } = messageContracts;

const requests: [string, (chatId: string, actor: Actor) => Promise<unknown>][] = [
  [
    'sending',
    (chatId, actor) => service.gateway.request(sendMessage, { chatId, message: { text: 'hi' } }, { actor }),
  ],
  ['joining', (chatId, actor) => service.gateway.request(joinChat, { chatId }, { actor })],
  ['listing', (chatId, actor) => service.gateway.request(listMessages, { chatId }, { actor })],
  ['reading the timeline', (chatId, actor) => service.gateway.request(readTimeline, { chatId }, { actor })],
  [
    'reading',
    async (chatId, actor) => {
      const { rows } = await service.database.query<{ id: string }>(
        'SELECT id FROM message.message WHERE chat_id::text = $1',
        [chatId],
      );
      return service.gateway.request(
        readMessages,
        { chatId, messageIds: [rows[0]?.id ?? randomUUID()] },
        { actor },
      );
    },
  ],
];

describe.each(requests)('%s', (_, request) => {
  it("is allowed for the chat's client and for every admin", async () => {
    const chatId = service.chatService.open();
    await service.send(chatId, { text: 'hello' });
    expect(await refusal(request(chatId, owner))).toBeUndefined();
    expect(await refusal(request(chatId, admin))).toBeUndefined();
  });

  it('fails alike for the chat of another user, a missing chat and an invalid chat id', async () => {
    const chatId = service.chatService.open();
    await service.send(chatId, { text: 'hello' });
    const closed = await service.database.addChat(aChat({ status: 'CLOSED' }));
    const failures = await Promise.all(
      [chatId, closed, randomUUID(), 'not-an-id', '', chatId.toUpperCase()].map((id) =>
        request(id, stranger).then(
          () => 'allowed',
          (error: unknown) =>
            error instanceof Failure ? { code: error.code, details: error.details } : error,
        ),
      ),
    );
    expect(failures).toEqual(failures.map(() => ({ code: 'CHAT_NOT_FOUND', details: undefined })));
  });

  it('is refused without an actor', async () => {
    const chatId = service.chatService.open();
    expect(await refusal(service.gateway.request(joinChat, { chatId }))).toBe('UNAUTHORIZED');
  });
});

describe('a chat that is not in the projection', () => {
  it('is looked up once', async () => {
    const chatId = service.chatService.open();
    await service.send(chatId, { text: 'one' });
    await service.send(chatId, { text: 'two' });
    await service.gateway.request(joinChat, { chatId }, { actor: admin });
    expect(service.chatService.lookedUp.filter((id) => id === chatId)).toHaveLength(1);
  });

  it('is looked up again as long as it does not exist', async () => {
    const chatId = randomUUID();
    expect(await refusal(service.send(chatId, { text: 'early' }))).toBe('CHAT_NOT_FOUND');
    service.chatService.chats.set(chatId, aChat({ id: chatId }));
    expect((await service.send(chatId, { text: 'now' })).seq).toBe(1);
  });

  it('is judged by the facts of the lookup', async () => {
    expect(await refusal(service.send(service.chatService.open({ status: 'CLOSED' }), { text: 'hi' }))).toBe(
      'CHAT_CLOSED',
    );
    expect(
      await refusal(service.send(service.chatService.open({ clientId: stranger.id }), { text: 'hi' })),
    ).toBe('CHAT_NOT_FOUND');
  });
});

describe('applyChat', () => {
  const apply = (chatId: string, facts: Parameters<typeof aChat>[0]) =>
    service.chatService.bus.request(applyChat, { chat: aChat({ id: chatId, ...facts }) });

  it('holds from the reply on: after a close the next send is refused, after a reopening it is stored', async () => {
    const chatId = service.chatService.open();
    await service.send(chatId, { text: 'before' });
    expect(await apply(chatId, { status: 'CLOSED', version: 2 })).toEqual({ version: 2 });
    expect(await refusal(service.send(chatId, { text: 'after' }))).toBe('CHAT_CLOSED');
    await apply(chatId, { status: 'PENDING', version: 3 });
    expect((await service.send(chatId, { text: 'again' })).seq).toBe(2);
  });

  it('ignores an older version', async () => {
    const chatId = service.chatService.open();
    await apply(chatId, { status: 'CLOSED', version: 5 });
    await apply(chatId, { status: 'ACTIVE', version: 4 });
    expect(await refusal(service.send(chatId, { text: 'hi' }))).toBe('CHAT_CLOSED');
  });

  it('leaves the history of a closed chat readable', async () => {
    const chatId = service.chatService.open();
    await service.send(chatId, { text: 'before' });
    await apply(chatId, { status: 'CLOSED', version: 2 });
    expect(await service.gateway.request(joinChat, { chatId }, { actor: owner })).toMatchObject({
      status: 'CLOSED',
      messages: [{ text: 'before' }],
      revs: { chat: 2, message: 1 },
    });
  });
});

it('refuses messages that the contract does not allow', async () => {
  const chatId = service.chatService.open();
  const messages = [
    {},
    { text: '' },
    { text: ' \n\u200b' },
    { text: 'x'.repeat(8001) },
    { text: 'a\0b' },
    { text: '\ud800' },
    { text: 'x', clientMessageId: '' },
  ];
  for (const message of messages)
    expect([message, await refusal(service.send(chatId, message))]).toEqual([message, 'VALIDATION']);
  expect(await refusal(service.send(chatId, { text: 'x', replyToId: 'not-an-id' }))).toBe(
    'MESSAGE_NOT_FOUND',
  );
  expect(await refusal(service.send(chatId, { text: 'x', fileId: 'not-an-id' }))).toBe('FILE_NOT_FOUND');
});
