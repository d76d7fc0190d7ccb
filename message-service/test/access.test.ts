import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageContracts, type Actor } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { aChat, admin, owner, stranger } from './given.ts';
import { refusal, startMessageService, type TestMessageService } from './service.ts';

let service: TestMessageService;
beforeAll(async () => { service = await startMessageService(); });
afterAll(() => service.stop());

const { sendMessage, joinChat, listMessages, readMessages, takeChat } = messageContracts;

const ways: [string, (chatId: string, actor: Actor) => Promise<unknown>][] = [
  ['sending', (chatId, actor) => service.gateway.request(sendMessage, { chatId, message: { text: 'hi' } }, { actor })],
  ['joining', (chatId, actor) => service.gateway.request(joinChat, { chatId }, { actor })],
  ['listing', (chatId, actor) => service.gateway.request(listMessages, { chatId }, { actor })],
  ['reading', async (chatId, actor) => {
    const { rows } = await service.database.query<{ id: string }>('SELECT id FROM message.message WHERE chat_id::text = $1', [chatId]);
    return service.gateway.request(readMessages, { chatId, messageIds: [rows[0]?.id ?? randomUUID()] }, { actor });
  }],
];

describe.each(ways)('%s', (_, enter) => {
  it('is for the chat\'s client and for every admin', async () => {
    const chatId = service.chatService.open();
    await service.send(chatId, { text: 'hello' });
    expect(await refusal(enter(chatId, owner))).toBeUndefined();
    expect(await refusal(enter(chatId, admin))).toBeUndefined();
  });

  it('answers alike for a chat that is not theirs, is not there, or is no chat id', async () => {
    const chatId = service.chatService.open();
    await service.send(chatId, { text: 'hello' });
    const closed = await service.database.addChat(aChat({ status: 'CLOSED' }));
    const failures = await Promise.all([chatId, closed, randomUUID(), 'not-an-id', '', chatId.toUpperCase()].map((id) =>
      enter(id, stranger).then(() => 'let in', (error: unknown) => (error instanceof Failure ? { code: error.code, details: error.details } : error))));
    expect(failures).toEqual(failures.map(() => ({ code: 'CHAT_NOT_FOUND', details: undefined })));
  });

  it('needs an actor', async () => {
    const chatId = service.chatService.open();
    expect(await refusal(service.gateway.request(joinChat, { chatId }))).toBe('UNAUTHORIZED');
  });
});

describe('a chat that this service has not heard of', () => {
  it('is looked up once', async () => {
    const chatId = service.chatService.open();
    await service.send(chatId, { text: 'one' });
    await service.send(chatId, { text: 'two' });
    await service.gateway.request(joinChat, { chatId }, { actor: admin });
    expect(service.chatService.lookedUp.filter((id) => id === chatId)).toHaveLength(1);
  });

  it('is asked for again as long as it does not exist', async () => {
    const chatId = randomUUID();
    expect(await refusal(service.send(chatId, { text: 'early' }))).toBe('CHAT_NOT_FOUND');
    service.chatService.chats.set(chatId, aChat({ id: chatId }));
    expect((await service.send(chatId, { text: 'now' })).seq).toBe(1);
  });

  it('is judged by what the lookup says', async () => {
    expect(await refusal(service.send(service.chatService.open({ status: 'CLOSED' }), { text: 'hi' }))).toBe('CHAT_CLOSED');
    expect(await refusal(service.send(service.chatService.open({ clientId: stranger.id }), { text: 'hi' }))).toBe('CHAT_NOT_FOUND');
  });
});

describe('a change that chat-service tells', () => {
  const tell = (chatId: string, facts: Parameters<typeof aChat>[0]) => service.chatService.bus.request(takeChat, { chat: aChat({ id: chatId, ...facts }) });

  it('holds from the answer on: a close refuses the next send, a reopening takes it', async () => {
    const chatId = service.chatService.open();
    await service.send(chatId, { text: 'before' });
    expect(await tell(chatId, { status: 'CLOSED', version: 2 })).toEqual({ version: 2 });
    expect(await refusal(service.send(chatId, { text: 'after' }))).toBe('CHAT_CLOSED');
    await tell(chatId, { status: 'PENDING', version: 3 });
    expect((await service.send(chatId, { text: 'again' })).seq).toBe(2);
  });

  it('never goes back to an older version', async () => {
    const chatId = service.chatService.open();
    await tell(chatId, { status: 'CLOSED', version: 5 });
    await tell(chatId, { status: 'ACTIVE', version: 4 });
    expect(await refusal(service.send(chatId, { text: 'hi' }))).toBe('CHAT_CLOSED');
  });

  it('keeps the history readable', async () => {
    const chatId = service.chatService.open();
    await service.send(chatId, { text: 'before' });
    await tell(chatId, { status: 'CLOSED', version: 2 });
    expect(await service.gateway.request(joinChat, { chatId }, { actor: owner })).toMatchObject({ status: 'CLOSED', messages: [{ text: 'before' }], revs: { chat: 2, message: 1 } });
  });
});

it('refuses what the contract does not allow, whoever sends it', async () => {
  const chatId = service.chatService.open();
  const messages = [{}, { text: '' }, { text: ' \n\u200b' }, { text: 'x'.repeat(8001) }, { text: 'a\0b' }, { text: '\ud800' }, { text: 'x', clientMessageId: '' }];
  for (const message of messages) expect([message, await refusal(service.send(chatId, message))]).toEqual([message, 'VALIDATION']);
  expect(await refusal(service.send(chatId, { text: 'x', replyToId: 'not-an-id' }))).toBe('MESSAGE_NOT_FOUND');
  expect(await refusal(service.send(chatId, { text: 'x', fileId: 'not-an-id' }))).toBe('FILE_NOT_FOUND');
});
