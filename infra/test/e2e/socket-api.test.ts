import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, waitFor, type TestSystem } from '../helpers/index.ts';
import { aClient, anAdmin, Clients, http, openChat, type TestClient } from './client.ts';

// The whole WebSocket API, on two gateways and two message-services.

let system: TestSystem;
let clients: Clients;

beforeAll(async () => {
  system = await startSystem({ replicas: 'gateway=2,message-service=2' });
  clients = new Clients(system);
}, 90_000);
afterEach(() => {
  clients.closeAll();
});
afterAll(() => system.stop(), 60_000);

const UUID = /^[0-9a-f-]{36}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A client on the first gateway and an admin on the second, both joined. */
async function joinedPair(): Promise<{
  chatId: string;
  owner: ReturnType<typeof aClient>;
  client: TestClient;
  admin: TestClient;
  adminId: number;
}> {
  const owner = aClient();
  const agent = anAdmin();
  const chatId = await openChat(system, owner);
  const client = await clients.connect(owner, 0);
  const admin = await clients.connect(agent, 1);
  await client.request('joinChat', chatId);
  await admin.request('joinChat', chatId);
  await client.receives('participantUpdate', (update) => update.userId === agent.id);
  return { chatId, owner, client, admin, adminId: agent.id };
}

describe('joinChat', () => {
  it('returns the last 50 messages, oldest first', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    for (let n = 1; n <= 53; n++) await client.request('sendMessage', { chatId, message: { text: `m${n}` } });

    const { event, data } = await client.request('joinChat', chatId);

    expect(event).toBe('joinedChat');
    expect(data.chatId).toBe(chatId);
    expect(data.messages.map((message) => message.text)).toEqual(
      Array.from({ length: 50 }, (_, index) => `m${index + 4}`),
    );
    expect(data.messages.map((message) => message.seq)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 4),
    );
  });

  it('accepts an object or a bare id', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    expect(await client.request('joinChat', { chatId })).toMatchObject({
      event: 'joinedChat',
      data: { chatId, messages: [] },
    });
  });

  it('lets an admin join any chat', async () => {
    const chatId = await openChat(system, aClient());
    const admin = await clients.connect(anAdmin());
    expect(await admin.request('joinChat', chatId)).toMatchObject({ event: 'joinedChat' });
  });

  it('may be repeated, and each message is still delivered once', async () => {
    const { chatId, client, admin } = await joinedPair();
    await client.request('joinChat', chatId);
    await client.request('joinChat', chatId);
    const { data } = await admin.request('sendMessage', { chatId, message: { text: 'once' } });
    await client.receives('newMessage', (message) => message.id === data.id);
    await client.receivedAll(chatId);
    expect(client.payloads('newMessage')).toHaveLength(1);
  });
});

describe('sendMessage', () => {
  it('returns the message, and delivers it to all sockets of the room on both gateways, also the sender', async () => {
    const { chatId, client, admin, owner } = await joinedPair();

    const { event, data, traceId } = await client.request('sendMessage', {
      chatId,
      message: { text: 'Hello world!' },
    });

    expect(event).toBe('messageSent');
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(data).toEqual({
      id: expect.stringMatching(UUID),
      chatId,
      seq: 1,
      senderId: owner.id,
      text: 'Hello world!',
      createdAt: expect.stringMatching(ISO),
      sender: { id: owner.id, email: owner.email, role: 'client' },
      version: 1,
    });
    expect(await client.receives('newMessage')).toEqual(data);
    expect(await admin.receives('newMessage')).toEqual(data);
  });

  it('returns the text unchanged', async () => {
    const { chatId, client, admin } = await joinedPair();
    const text = ' \t"quotes" \\ <b>&amp;</b> \u202Eright-to-left \u0001 👩‍👩‍👧 e\u0301 \r\n ';
    const { data } = await client.request('sendMessage', { chatId, message: { text } });
    expect(data.text).toBe(text);
    expect((await admin.receives('newMessage')).text).toBe(text);
    const joined = await client.request('joinChat', chatId);
    expect(joined.data.messages[0]?.text).toBe(text);
  });

  it('accepts the longest text in the widest characters', async () => {
    const { chatId, client, admin } = await joinedPair();
    const text = '\u0001'.repeat(3999) + 'é' + '語'.repeat(4000);
    const { data } = await client.request('sendMessage', { chatId, message: { text } });
    expect(data.text).toBe(text);
    expect((await admin.receives('newMessage')).text).toBe(text);
  });

  it('includes the quoted message, one level deep, in acknowledgement, broadcast and history', async () => {
    const { chatId, client, admin } = await joinedPair();
    const first = (await client.request('sendMessage', { chatId, message: { text: 'first' } })).data;
    const second = (
      await admin.request('sendMessage', { chatId, message: { text: 'second', replyToId: first.id } })
    ).data;
    const third = (
      await client.request('sendMessage', { chatId, message: { text: 'third', replyToId: second.id } })
    ).data;

    const secondAlone = { ...second, replyTo: undefined };
    expect(second.replyTo).toEqual(first);
    expect(third.replyToId).toBe(second.id);
    expect(third.replyTo).toEqual(secondAlone);
    expect(await admin.receives('newMessage', (message) => message.id === third.id)).toEqual(third);
    expect((await client.request('joinChat', chatId)).data.messages).toEqual([first, second, third]);
  });

  it('is delivered to all in the order of the history, through any gateway', async () => {
    const { chatId, client, admin } = await joinedPair();
    const sends = Array.from({ length: 60 }, (_, n) =>
      (n % 2 === 0 ? client : admin).request('sendMessage', { chatId, message: { text: `n${n}` } }),
    );
    await Promise.all(sends);
    await waitFor(
      () => client.payloads('newMessage').length === 60 && admin.payloads('newMessage').length === 60,
      { what: 'all messages' },
    );

    const history = (await client.request('joinChat', chatId)).data.messages;
    const seqs = client.payloads('newMessage').map((message) => message.seq);
    expect(seqs).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    expect(admin.payloads('newMessage')).toEqual(client.payloads('newMessage'));
    expect(client.payloads('newMessage').slice(-50)).toEqual(history);
  });

  it('keeps the order in which one socket sent without waiting for replies', async () => {
    const { chatId, client, admin } = await joinedPair();
    for (let n = 0; n < 40; n++) client.socket.emit('sendMessage', { chatId, message: { text: `${n}` } });
    await waitFor(() => admin.payloads('newMessage').length === 40, { what: 'all messages' });
    expect(admin.payloads('newMessage').map((message) => message.text)).toEqual(
      Array.from({ length: 40 }, (_, n) => `${n}`),
    );
  });

  it('needs access to the chat, not a joined room', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    expect(await client.request('sendMessage', { chatId, message: { text: 'hi' } })).toMatchObject({
      event: 'messageSent',
    });
    expect(client.payloads('newMessage')).toEqual([]);
  });

  it('returns the first message when clientMessageId is repeated, and delivers it once', async () => {
    const { chatId, owner, client, admin } = await joinedPair();
    const again = await clients.connect(owner, 1);
    const message = { text: 'exactly once', clientMessageId: 'key-1' };
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? client : again).request('sendMessage', { chatId, message }),
      ),
    );
    expect(new Set(replies.map((reply) => reply.data.id)).size).toBe(1);
    expect(replies.filter((reply) => reply.data.deduplicated === true)).toHaveLength(19);
    await admin.receives('newMessage');
    await admin.receivedAll(chatId);
    expect(admin.payloads('newMessage')).toHaveLength(1);
    expect(
      await client.request('sendMessage', { chatId, message: { ...message, text: 'other' } }),
    ).toMatchObject({ event: 'error', code: 'DUPLICATE_KEY' });
  });
});

describe('typing', () => {
  it('is delivered to the others, and acknowledged if there is a callback', async () => {
    const { chatId, owner, client, admin } = await joinedPair();
    expect(await client.request('typing', { chatId, isTyping: true })).toMatchObject({ event: 'typing' });
    expect(await admin.receives('userTyping')).toEqual({
      chatId,
      userId: owner.id,
      email: owner.email,
      isTyping: true,
    });
    client.socket.emit('typing', { chatId, isTyping: false });
    expect(await admin.receives('userTyping', (typing) => !typing.isTyping)).toEqual({
      chatId,
      userId: owner.id,
      email: owner.email,
      isTyping: false,
    });
    expect(client.payloads('userTyping')).toEqual([]);
    expect(client.payloads('typing')).toEqual([]);
  });

  it('ends when the user sends', async () => {
    const { chatId, client, admin } = await joinedPair();
    await client.request('typing', { chatId, isTyping: true });
    await admin.receives('userTyping', (typing) => typing.isTyping);
    await client.request('sendMessage', { chatId, message: { text: 'done' } });
    await admin.receives('userTyping', (typing) => !typing.isTyping);
  });

  it('ends when the user leaves or disconnects', async () => {
    const { chatId, client, admin } = await joinedPair();
    await client.request('typing', { chatId, isTyping: true });
    await admin.receives('userTyping', (typing) => typing.isTyping);
    await client.request('leaveChat', chatId);
    await admin.receives('userTyping', (typing) => !typing.isTyping);
    await admin.request('typing', { chatId, isTyping: true });
  });

  it('ends by itself after 6 s without renewal', async () => {
    const { chatId, client, admin } = await joinedPair();
    await client.request('typing', { chatId, isTyping: true });
    await admin.receives('userTyping', (typing) => typing.isTyping);
    const since = Date.now();
    await admin.receives('userTyping', (typing) => !typing.isTyping, 10_000);
    expect(Date.now() - since).toBeGreaterThan(5_000);
  }, 20_000);
});

describe('readMessages', () => {
  it('returns all requested ids, and delivers the newly read ones to the others', async () => {
    const { chatId, owner, client, admin, adminId } = await joinedPair();
    const ids: string[] = [];
    for (const text of ['a', 'b', 'c'])
      ids.push((await client.request('sendMessage', { chatId, message: { text } })).data.id);

    expect(await admin.request('readMessages', { chatId, messageIds: [ids[0]] })).toMatchObject({
      event: 'messagesMarkedRead',
      data: [{ id: ids[0], readBy: adminId }],
    });
    const { data } = await admin.request('readMessages', { chatId, messageIds: ids });
    expect(data).toEqual(ids.map((id) => ({ id, readBy: adminId })));
    await client.receives('messagesRead', (read) => read.messageIds.length === 2);
    expect(client.payloads('messagesRead')).toEqual([
      { chatId, userId: adminId, messageIds: [ids[0]] },
      { chatId, userId: adminId, messageIds: [ids[1], ids[2]] },
    ]);

    await admin.request('readMessages', { chatId, messageIds: ids });
    await client.request('readMessages', { chatId, messageIds: ids });
    await admin.receives('messagesRead', (read) => read.userId === owner.id);
    expect(client.payloads('messagesRead')).toHaveLength(2);
    expect(admin.payloads('messagesRead')).toHaveLength(1);
  });
});

describe('presence', () => {
  it("delivers a user's first and last socket to the others, and lists the active users", async () => {
    const owner = aClient();
    const agent = anAdmin();
    const chatId = await openChat(system, owner);
    const admin = await clients.connect(agent, 1);
    await admin.request('joinChat', chatId);
    const first = await clients.connect(owner, 0);
    const second = await clients.connect(owner, 1);
    await first.request('joinChat', chatId);
    await second.request('joinChat', chatId);
    expect(await admin.receives('participantUpdate')).toEqual({
      chatId,
      userId: owner.id,
      action: 'joined',
      timestamp: expect.stringMatching(ISO),
    });
    expect(await admin.request('getActiveUsers', chatId)).toMatchObject({
      event: 'activeUsers',
      data: { chatId, userIds: [owner.id, agent.id] },
    });

    expect(await first.request('leaveChat', chatId)).toMatchObject({ event: 'leftChat', data: chatId });
    await admin.receivedAll(chatId);
    expect(admin.payloads('participantUpdate')).toHaveLength(1);
    second.close();
    await admin.receives('participantUpdate', (update) => update.action === 'left', 1_500);
    expect((await admin.request('getActiveUsers', chatId)).data.userIds).toEqual([agent.id]);
    expect(first.payloads('participantUpdate')).toEqual([]);
  });

  it('delivers nothing after leaving', async () => {
    const { chatId, client, admin } = await joinedPair();
    await client.request('leaveChat', chatId);
    await admin.request('sendMessage', { chatId, message: { text: 'gone?' } });
    await client.receivedAll(chatId);
    expect(client.payloads('newMessage')).toEqual([]);
  });

  it('delivers nothing on a reload', async () => {
    const { chatId, owner, client, admin } = await joinedPair();
    client.socket.io.engine.close();
    const back = await clients.connect(owner, 0);
    await back.request('joinChat', chatId);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(admin.payloads('participantUpdate')).toEqual([]);
    expect((await admin.request('getActiveUsers', chatId)).data.userIds).toContain(owner.id);
  });

  it('delivers a dropped transport after 3 s', async () => {
    const { owner, client, admin } = await joinedPair();
    const since = Date.now();
    client.socket.io.engine.close();
    await admin.receives(
      'participantUpdate',
      (update) => update.action === 'left' && update.userId === owner.id,
      8_000,
    );
    expect(Date.now() - since).toBeGreaterThan(2_500);
  });
});

describe('chatStatusChanged', () => {
  it('is delivered to all sockets of the room, on both gateways', async () => {
    const { chatId, client, admin, adminId } = await joinedPair();
    await http(system, { id: adminId, role: 'admin', email: 'a@example.com' }, 'PATCH', `/chats/${chatId}`, {
      status: 'ACTIVE',
      adminId,
    });
    expect(await client.receives('chatStatusChanged')).toMatchObject({ chatId, status: 'ACTIVE', adminId });
    expect(await admin.receives('chatStatusChanged')).toMatchObject({ chatId, status: 'ACTIVE', adminId });
  });

  it('stops messages when the chat closes, and accepts them when it reopens', async () => {
    const { chatId, owner, client, adminId } = await joinedPair();
    const patch = (status: string) =>
      http(system, { id: adminId, role: 'admin', email: 'a@example.com' }, 'PATCH', `/chats/${chatId}`, {
        status,
      });
    expect((await patch('CLOSED')).status).toBe(200);
    expect(await client.request('sendMessage', { chatId, message: { text: 'late' } })).toMatchObject({
      event: 'error',
      code: 'CHAT_CLOSED',
      retryable: false,
    });
    expect((await patch('PENDING')).status).toBe(200);
    expect(await client.request('sendMessage', { chatId, message: { text: 'again' } })).toMatchObject({
      event: 'messageSent',
      data: { seq: 1, senderId: owner.id },
    });
  });
});

describe('replies', () => {
  it('arrive as events without an acknowledgement callback', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    client.socket.emit('joinChat', chatId);
    client.socket.emit('sendMessage', { chatId, message: { text: 'hi' } });
    client.socket.emit('getActiveUsers', chatId);
    client.socket.emit('leaveChat', chatId);
    expect(await client.receives('joinedChat')).toMatchObject({ chatId });
    const sent = await client.receives('messageSent');
    expect(await client.receives('newMessage')).toEqual(sent);
    client.socket.emit('readMessages', { chatId, messageIds: [sent.id] });
    expect(await client.receives('messagesMarkedRead')).toEqual([{ id: sent.id, readBy: owner.id }]);
    expect(await client.receives('activeUsers')).toEqual({ chatId, userIds: [owner.id] });
    expect(await client.receives('leftChat')).toBe(chatId);
  });

  it('with an error arrive as an event: the sentence first, the rest second', async () => {
    const client = await clients.connect(aClient());
    client.socket.emit('joinChat', 'nothing');
    await client.receives('error');
    expect(client.received.find(({ event }) => event === 'error')?.args).toEqual([
      'There is no such chat.',
      { code: 'CHAT_NOT_FOUND', retryable: false, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) },
    ]);
  });
});
