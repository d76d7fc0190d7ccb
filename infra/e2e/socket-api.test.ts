import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, waitFor, type TestSystem } from '../testing/index.ts';
import { aClient, anAdmin, Clients, http, openChat, type TestClient } from './client.ts';

// Every row of the WebSocket API, on two gateways and two message-services.

let system: TestSystem;
let clients: Clients;

beforeAll(async () => {
  system = await startSystem({ replicas: 'gateway=2,message-service=2' });
  clients = new Clients(system);
}, 90_000);
afterEach(() => { clients.closeAll(); });
afterAll(() => system.stop(), 60_000);

const UUID = /^[0-9a-f-]{36}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A client on the first gateway and an admin on the second, both joined. */
async function joinedPair(): Promise<{ chatId: string; owner: ReturnType<typeof aClient>; client: TestClient; admin: TestClient; adminId: number }> {
  const owner = aClient();
  const agent = anAdmin();
  const chatId = await openChat(system, owner);
  const client = await clients.connect(owner, 0);
  const admin = await clients.connect(agent, 1);
  await client.ask('joinChat', chatId);
  await admin.ask('joinChat', chatId);
  await client.hears('participantUpdate', (update) => update.userId === agent.id);
  return { chatId, owner, client, admin, adminId: agent.id };
}

describe('joinChat', () => {
  it('answers with the last 50 messages, oldest first', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    for (let n = 1; n <= 53; n++) await client.ask('sendMessage', { chatId, message: { text: `m${n}` } });

    const { event, data } = await client.ask('joinChat', chatId);

    expect(event).toBe('joinedChat');
    expect(data.chatId).toBe(chatId);
    expect(data.messages.map((message) => message.text)).toEqual(Array.from({ length: 50 }, (_, index) => `m${index + 4}`));
    expect(data.messages.map((message) => message.seq)).toEqual(Array.from({ length: 50 }, (_, index) => index + 4));
  });

  it('takes an object as well as a bare id', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    expect(await client.ask('joinChat', { chatId })).toMatchObject({ event: 'joinedChat', data: { chatId, messages: [] } });
  });

  it('lets an admin into any chat', async () => {
    const chatId = await openChat(system, aClient());
    const admin = await clients.connect(anAdmin());
    expect(await admin.ask('joinChat', chatId)).toMatchObject({ event: 'joinedChat' });
  });

  it('may be repeated, and each message is still heard once', async () => {
    const { chatId, client, admin } = await joinedPair();
    await client.ask('joinChat', chatId);
    await client.ask('joinChat', chatId);
    const { data } = await admin.ask('sendMessage', { chatId, message: { text: 'once' } });
    await client.hears('newMessage', (message) => message.id === data.id);
    await client.settled(chatId);
    expect(client.payloads('newMessage')).toHaveLength(1);
  });
});

describe('sendMessage', () => {
  it('answers with the message, and everyone joined hears the same on both gateways, the sender too', async () => {
    const { chatId, client, admin, owner } = await joinedPair();

    const { event, data, traceId } = await client.ask('sendMessage', { chatId, message: { text: 'Hello world!' } });

    expect(event).toBe('messageSent');
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(data).toEqual({
      id: expect.stringMatching(UUID), chatId, seq: 1, senderId: owner.id, text: 'Hello world!', createdAt: expect.stringMatching(ISO),
      sender: { id: owner.id, email: owner.email, role: 'client' },
    });
    expect(await client.hears('newMessage')).toEqual(data);
    expect(await admin.hears('newMessage')).toEqual(data);
  });

  it('gives the text back byte for byte', async () => {
    const { chatId, client, admin } = await joinedPair();
    const text = ' \t"quotes" \\ <b>&amp;</b> \u202Eright-to-left \u0001 👩‍👩‍👧 e\u0301 \r\n ';
    const { data } = await client.ask('sendMessage', { chatId, message: { text } });
    expect(data.text).toBe(text);
    expect((await admin.hears('newMessage')).text).toBe(text);
    const joined = await client.ask('joinChat', chatId);
    expect(joined.data.messages[0]?.text).toBe(text);
  });

  it('takes the longest text of the widest characters', async () => {
    const { chatId, client, admin } = await joinedPair();
    const text = '\u0001'.repeat(3999) + 'é' + '語'.repeat(4000);
    const { data } = await client.ask('sendMessage', { chatId, message: { text } });
    expect(data.text).toBe(text);
    expect((await admin.hears('newMessage')).text).toBe(text);
  });

  it('carries the message it replies to, one level deep, in acknowledgement, broadcast and history alike', async () => {
    const { chatId, client, admin } = await joinedPair();
    const first = (await client.ask('sendMessage', { chatId, message: { text: 'first' } })).data;
    const second = (await admin.ask('sendMessage', { chatId, message: { text: 'second', replyToId: first.id } })).data;
    const third = (await client.ask('sendMessage', { chatId, message: { text: 'third', replyToId: second.id } })).data;

    const secondAlone = { ...second, replyTo: undefined };
    expect(second.replyTo).toEqual(first);
    expect(third.replyToId).toBe(second.id);
    expect(third.replyTo).toEqual(secondAlone);
    expect(await admin.hears('newMessage', (message) => message.id === third.id)).toEqual(third);
    expect((await client.ask('joinChat', chatId)).data.messages).toEqual([first, second, third]);
  });

  it('is heard by all in one order, the order of the history, whoever sends through which gateway', async () => {
    const { chatId, client, admin } = await joinedPair();
    const sends = Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? client : admin).ask('sendMessage', { chatId, message: { text: `n${n}` } }));
    await Promise.all(sends);
    await waitFor(() => client.payloads('newMessage').length === 60 && admin.payloads('newMessage').length === 60, { what: 'all messages' });

    const history = (await client.ask('joinChat', chatId)).data.messages;
    const seqs = client.payloads('newMessage').map((message) => message.seq);
    expect(seqs).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    expect(admin.payloads('newMessage')).toEqual(client.payloads('newMessage'));
    expect(client.payloads('newMessage').slice(-50)).toEqual(history);
  });

  it('keeps the order in which one socket sent, without waiting for answers', async () => {
    const { chatId, client, admin } = await joinedPair();
    for (let n = 0; n < 40; n++) client.socket.emit('sendMessage', { chatId, message: { text: `${n}` } });
    await waitFor(() => admin.payloads('newMessage').length === 40, { what: 'all messages' });
    expect(admin.payloads('newMessage').map((message) => message.text)).toEqual(Array.from({ length: 40 }, (_, n) => `${n}`));
  });

  it('needs access, not a joined room', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    expect(await client.ask('sendMessage', { chatId, message: { text: 'hi' } })).toMatchObject({ event: 'messageSent' });
    expect(client.payloads('newMessage')).toEqual([]);
  });

  it('answers a repeat of its clientMessageId with the first message, and nobody hears it twice', async () => {
    const { chatId, owner, client, admin } = await joinedPair();
    const again = await clients.connect(owner, 1);
    const message = { text: 'exactly once', clientMessageId: 'key-1' };
    const replies = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? client : again).ask('sendMessage', { chatId, message })));
    expect(new Set(replies.map((reply) => reply.data.id)).size).toBe(1);
    expect(replies.filter((reply) => reply.data.deduplicated === true)).toHaveLength(19);
    await admin.hears('newMessage');
    await admin.settled(chatId);
    expect(admin.payloads('newMessage')).toHaveLength(1);
    expect(await client.ask('sendMessage', { chatId, message: { ...message, text: 'other' } })).toMatchObject({ event: 'error', code: 'DUPLICATE_KEY' });
  });
});

describe('typing', () => {
  it('is told to the others, and the acknowledgement, if given, is answered', async () => {
    const { chatId, owner, client, admin } = await joinedPair();
    expect(await client.ask('typing', { chatId, isTyping: true })).toMatchObject({ event: 'typing' });
    expect(await admin.hears('userTyping')).toEqual({ chatId, userId: owner.id, email: owner.email, isTyping: true });
    client.socket.emit('typing', { chatId, isTyping: false });
    expect(await admin.hears('userTyping', (typing) => !typing.isTyping)).toEqual({ chatId, userId: owner.id, email: owner.email, isTyping: false });
    expect(client.payloads('userTyping')).toEqual([]);
    expect(client.payloads('typing')).toEqual([]);
  });

  it('ends when the user sends', async () => {
    const { chatId, client, admin } = await joinedPair();
    await client.ask('typing', { chatId, isTyping: true });
    await admin.hears('userTyping', (typing) => typing.isTyping);
    await client.ask('sendMessage', { chatId, message: { text: 'done' } });
    await admin.hears('userTyping', (typing) => !typing.isTyping);
  });

  it('ends when the user leaves or disconnects', async () => {
    const { chatId, client, admin } = await joinedPair();
    await client.ask('typing', { chatId, isTyping: true });
    await admin.hears('userTyping', (typing) => typing.isTyping);
    await client.ask('leaveChat', chatId);
    await admin.hears('userTyping', (typing) => !typing.isTyping);
    await admin.ask('typing', { chatId, isTyping: true });
  });

  it('ends by itself after 6 s without renewal', async () => {
    const { chatId, client, admin } = await joinedPair();
    await client.ask('typing', { chatId, isTyping: true });
    await admin.hears('userTyping', (typing) => typing.isTyping);
    const since = Date.now();
    await admin.hears('userTyping', (typing) => !typing.isTyping, 10_000);
    expect(Date.now() - since).toBeGreaterThan(5_000);
  }, 20_000);
});

describe('readMessages', () => {
  it('answers for all that was asked and tells the others of the newly read', async () => {
    const { chatId, owner, client, admin, adminId } = await joinedPair();
    const ids: string[] = [];
    for (const text of ['a', 'b', 'c']) ids.push((await client.ask('sendMessage', { chatId, message: { text } })).data.id);

    expect(await admin.ask('readMessages', { chatId, messageIds: [ids[0]] })).toMatchObject({ event: 'messagesMarkedRead', data: [{ id: ids[0], readBy: adminId }] });
    const { data } = await admin.ask('readMessages', { chatId, messageIds: ids });
    expect(data).toEqual(ids.map((id) => ({ id, readBy: adminId })));
    await client.hears('messagesRead', (read) => read.messageIds.length === 2);
    expect(client.payloads('messagesRead')).toEqual([{ chatId, userId: adminId, messageIds: [ids[0]] }, { chatId, userId: adminId, messageIds: [ids[1], ids[2]] }]);

    await admin.ask('readMessages', { chatId, messageIds: ids });
    await client.ask('readMessages', { chatId, messageIds: ids });
    await admin.hears('messagesRead', (read) => read.userId === owner.id);
    expect(client.payloads('messagesRead')).toHaveLength(2);
    expect(admin.payloads('messagesRead')).toHaveLength(1);
  });
});

describe('presence', () => {
  it('tells the others of the first socket and the last, and lists who is active', async () => {
    const owner = aClient();
    const agent = anAdmin();
    const chatId = await openChat(system, owner);
    const admin = await clients.connect(agent, 1);
    await admin.ask('joinChat', chatId);
    const first = await clients.connect(owner, 0);
    const second = await clients.connect(owner, 1);
    await first.ask('joinChat', chatId);
    await second.ask('joinChat', chatId);
    expect(await admin.hears('participantUpdate')).toEqual({ chatId, userId: owner.id, action: 'joined', timestamp: expect.stringMatching(ISO) });
    expect(await admin.ask('getActiveUsers', chatId)).toMatchObject({ event: 'activeUsers', data: { chatId, userIds: [owner.id, agent.id] } });

    expect(await first.ask('leaveChat', chatId)).toMatchObject({ event: 'leftChat', data: chatId });
    await admin.settled(chatId);
    expect(admin.payloads('participantUpdate')).toHaveLength(1);
    second.close();
    await admin.hears('participantUpdate', (update) => update.action === 'left', 1_500);
    expect((await admin.ask('getActiveUsers', chatId)).data.userIds).toEqual([agent.id]);
    expect(first.payloads('participantUpdate')).toEqual([]);
  });

  it('hears nothing more after leaving', async () => {
    const { chatId, client, admin } = await joinedPair();
    await client.ask('leaveChat', chatId);
    await admin.ask('sendMessage', { chatId, message: { text: 'gone?' } });
    await client.settled(chatId);
    expect(client.payloads('newMessage')).toEqual([]);
  });

  it('stays silent over a reload', async () => {
    const { chatId, owner, client, admin } = await joinedPair();
    client.socket.io.engine.close();
    const back = await clients.connect(owner, 0);
    await back.ask('joinChat', chatId);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(admin.payloads('participantUpdate')).toEqual([]);
    expect((await admin.ask('getActiveUsers', chatId)).data.userIds).toContain(owner.id);
  });

  it('tells of a dropped transport after 3 s', async () => {
    const { owner, client, admin } = await joinedPair();
    const since = Date.now();
    client.socket.io.engine.close();
    await admin.hears('participantUpdate', (update) => update.action === 'left' && update.userId === owner.id, 8_000);
    expect(Date.now() - since).toBeGreaterThan(2_500);
  });
});

describe('chatStatusChanged', () => {
  it('is heard by everyone joined, on both gateways', async () => {
    const { chatId, client, admin, adminId } = await joinedPair();
    await http(system, { id: adminId, role: 'admin', email: 'a@example.com' }, 'PATCH', `/chats/${chatId}`, { status: 'ACTIVE', adminId });
    expect(await client.hears('chatStatusChanged')).toEqual({ chatId, status: 'ACTIVE', adminId });
    expect(await admin.hears('chatStatusChanged')).toEqual({ chatId, status: 'ACTIVE', adminId });
  });

  it('closes for messages with the answer, and opens again with the next', async () => {
    const { chatId, owner, client, adminId } = await joinedPair();
    const patch = (status: string) => http(system, { id: adminId, role: 'admin', email: 'a@example.com' }, 'PATCH', `/chats/${chatId}`, { status });
    expect((await patch('CLOSED')).status).toBe(200);
    expect(await client.ask('sendMessage', { chatId, message: { text: 'late' } })).toMatchObject({ event: 'error', code: 'CHAT_CLOSED', retryable: false });
    expect((await patch('PENDING')).status).toBe(200);
    expect(await client.ask('sendMessage', { chatId, message: { text: 'again' } })).toMatchObject({ event: 'messageSent', data: { seq: 1, senderId: owner.id } });
  });
});

describe('replies', () => {
  it('come as events to who gave no acknowledgement callback', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    client.socket.emit('joinChat', chatId);
    client.socket.emit('sendMessage', { chatId, message: { text: 'hi' } });
    client.socket.emit('getActiveUsers', chatId);
    client.socket.emit('leaveChat', chatId);
    expect(await client.hears('joinedChat')).toMatchObject({ chatId });
    const sent = await client.hears('messageSent');
    expect(await client.hears('newMessage')).toEqual(sent);
    client.socket.emit('readMessages', { chatId, messageIds: [sent.id] });
    expect(await client.hears('messagesMarkedRead')).toEqual([{ id: sent.id, readBy: owner.id }]);
    expect(await client.hears('activeUsers')).toEqual({ chatId, userIds: [owner.id] });
    expect(await client.hears('leftChat')).toBe(chatId);
  });

  it('of errors come as an event with the sentence first and the rest second', async () => {
    const client = await clients.connect(aClient());
    client.socket.emit('joinChat', 'nothing');
    await client.hears('error');
    expect(client.heard.find(({ event }) => event === 'error')?.args).toEqual([
      'There is no such chat.', { code: 'CHAT_NOT_FOUND', retryable: false, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) },
    ]);
  });
});
