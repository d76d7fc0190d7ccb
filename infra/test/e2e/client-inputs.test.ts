import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { startSystem, WITHOUT_WEBHOOKS, type TestSystem } from '../helpers/index.ts';
import { aClient, anAdmin, Clients, openChat } from './client.ts';
import { HttpUser } from './http-client.ts';

// What client apps of other languages and libraries send.

let system: TestSystem;
let clients: Clients;

beforeAll(async () => {
  system = await startSystem({ only: WITHOUT_WEBHOOKS });
  clients = new Clients(system);
}, 120_000);
afterEach(() => {
  clients.closeAll();
});
afterAll(() => system.stop(), 60_000);

const owner = aClient();
const agent = anAdmin();
const Fields = z.record(z.string(), z.unknown());

describe('ids in capitals, as Apple writes UUIDs', () => {
  it('name the chat and the point of resumption, and are answered in lower case', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const { data: first } = await client.request('sendMessage', { chatId, message: { text: 'one' } });
    await client.request('sendMessage', { chatId: chatId.toUpperCase(), message: { text: 'two' } });
    const member = await clients.connect(agent);
    expect(await member.request('joinChat', chatId.toUpperCase())).toMatchObject({
      event: 'joinedChat',
      data: { chatId },
    });
    const again = { chatId: chatId.toUpperCase(), after: first.id.toUpperCase() };
    expect(await member.request('joinChat', again)).toMatchObject({
      data: { chatId, recovered: true, messages: [{ chatId, text: 'two' }] },
    });
    const { body } = await new HttpUser(system, owner).request('GET', `/chats/${chatId.toUpperCase()}`);
    expect(body).toMatchObject({ id: chatId });
    await client.request('sendMessage', { chatId, message: { text: 'three' } });
    expect(await member.receives('newMessage')).toMatchObject({ chatId, text: 'three' });
  });
});

describe('null in optional fields, as Kotlin, Dart, C# and Swift write them', () => {
  it('reads as absent', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const message = { text: 'Hello', fileId: null, replyToId: null, clientMessageId: null };
    expect(await client.request('sendMessage', { chatId, message })).toMatchObject({ event: 'messageSent' });
    expect(await client.request('joinChat', { chatId, after: null, cursor: null })).toMatchObject({
      event: 'joinedChat',
      data: { messages: [{ text: 'Hello' }] },
    });
    expect((await new HttpUser(system, owner).request('POST', '/chats', { clientId: null })).status).toBe(
      201,
    );
  });

  it('in a required field is refused', async () => {
    const client = await clients.connect(owner);
    expect(await client.request('sendMessage', { chatId: null, message: { text: 'Hello' } })).toMatchObject({
      code: 'VALIDATION',
      details: { issues: [{ path: 'chatId' }] },
    });
  });
});

describe('the key of a message', () => {
  it('is carried in the reply, the event, the catch-up and the history, to match a pending message', async () => {
    const chatId = await openChat(system, owner);
    const [client, member] = await Promise.all([clients.connect(owner), clients.connect(agent)]);
    const { data: first } = await client.request('sendMessage', { chatId, message: { text: 'first' } });
    await member.request('joinChat', chatId);
    const message = { text: 'keyed', clientMessageId: 'k-1' };
    const keyed = expect.objectContaining(message);
    expect((await client.request('sendMessage', { chatId, message })).data).toEqual(keyed);
    expect(await member.receives('newMessage')).toEqual(keyed);
    const { data } = await member.request('joinChat', { chatId, after: first.id });
    expect(data.messages).toEqual([keyed]);
    const { body } = await new HttpUser(system, owner).request('GET', `/chats/${chatId}/messages`);
    expect(body).toMatchObject({ messages: [{ text: 'first' }, message] });
    const repeat = await client.request('sendMessage', { chatId, message });
    expect(repeat.data).toMatchObject({ ...message, deduplicated: true });
  });
});

describe('a point of resumption', () => {
  const texts = (data: { messages: { text?: string | undefined }[] }) =>
    data.messages.map(({ text }) => text);

  it('of 0 brings everything since the chat was empty', async () => {
    const chatId = await openChat(system, owner);
    const [client, member] = [await clients.connect(owner), await clients.connect(agent)];
    expect((await member.request('joinChat', chatId)).data.messages).toEqual([]);
    member.close();
    for (let n = 1; n <= 60; n++)
      await client.request('sendMessage', { chatId, message: { text: String(n) } });
    await new HttpUser(system, agent).patch(chatId, { status: 'ACTIVE' });
    const back = await clients.connect(agent);
    const { data } = await back.request('joinChat', { chatId, after: 0 });
    expect(data).toMatchObject({
      recovered: true,
      statusChanges: [{ chatId, status: 'ACTIVE', adminId: agent.id }],
      assignments: [{ chatId, adminId: agent.id }],
    });
    expect(texts(data)).toEqual(Array.from({ length: 60 }, (_, n) => String(n + 1)));
    const rest = await back.request('joinChat', { chatId, after: 58 });
    expect(texts(rest.data)).toEqual(['59', '60']);
    expect((await back.request('joinChat', { chatId, after: 61 })).data.recovered).toBe(false);
  });

  it('that is a cursor joins on a new connection, which then receives live messages', async () => {
    const chatId = await openChat(system, owner);
    const [client, member] = [await clients.connect(owner), await clients.connect(agent)];
    for (let n = 0; n < 510; n += 10)
      await Promise.all(
        Array.from({ length: 10 }, () => client.request('sendMessage', { chatId, message: { text: 'x' } })),
      );
    const first = await member.request('joinChat', { chatId, after: 0 });
    expect(first.data).toMatchObject({ hasMore: true });
    member.close();
    const back = await clients.connect(agent);
    const { data } = await back.request('joinChat', { chatId, cursor: first.data.cursor });
    expect(data.messages).toHaveLength(510 - first.data.messages.length);
    await client.request('sendMessage', { chatId, message: { text: 'live' } });
    expect(await back.receives('newMessage')).toMatchObject({ seq: 511, text: 'live' });
    expect(back.payloads('newMessage')).toHaveLength(1);
  });
});

describe('members of a chat', () => {
  it('learn who has it, when it is claimed and when it is given to another admin', async () => {
    const chatId = await openChat(system, owner);
    const member = await clients.connect(owner);
    await member.request('joinChat', chatId);
    const admin = new HttpUser(system, agent);
    await admin.patch(chatId, { adminId: agent.id });
    await admin.patch(chatId, { adminId: 4_711 });
    await member.receives('chatAssigned', ({ adminId }) => adminId === 4_711);
    expect(member.payloads('chatStatusChanged')).toMatchObject([
      { chatId, status: 'ACTIVE', adminId: agent.id },
    ]);
    expect(member.payloads('chatAssigned').map(({ adminId }) => adminId)).toEqual([agent.id, 4_711]);
  });
});

describe('a chat opened twice', () => {
  const open = (key?: string) =>
    fetch(`${system.url}/api/v1/chats`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${system.token(owner)}`,
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
    });

  it('with one key is one chat: 201, then 200', async () => {
    const [first, second] = [await open('double-click'), await open('"double-click"')];
    const [created, repeated] = [Fields.parse(await first.json()), Fields.parse(await second.json())];
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(repeated).toEqual({ ...created, deduplicated: true });
    expect((await open('another')).status).toBe(201);
    expect((await open()).status).toBe(201);
  });

  it('with a key that is none is refused', async () => {
    expect((await open('with space')).status).toBe(400);
  });
});

describe('a long text', () => {
  /** As python-socketio writes JSON by default: every character beyond ASCII as escapes. */
  const escaped = (json: string): string =>
    json.replaceAll(/[^\u0020-\u007e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  /** Sends an event as a raw frame; its acknowledgement arrives under the id 7. */
  const sendRaw = async (text: string, transport: 'websocket' | 'polling') => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner, 0, { transports: [transport] });
    const packet = escaped(JSON.stringify(['sendMessage', { chatId, message: { text } }]));
    return new Promise<unknown>((resolve) => {
      client.socket.io.engine.on('packet', ({ data }: { data?: unknown }) => {
        if (typeof data === 'string' && data.startsWith('37')) resolve(JSON.parse(data.slice(2)));
      });
      client.socket.io.engine.write(`27${packet}`);
    });
  };

  it.each(['websocket', 'polling'] as const)(
    'is sent however its JSON is spelled, over %s',
    async (transport) => {
      const text = '😀'.repeat(7_990);
      expect(await sendRaw(text, transport)).toMatchObject([{ event: 'messageSent', data: { text } }]);
    },
  );

  it.each(['websocket', 'polling'] as const)(
    'that is too long is answered, not disconnected, over %s',
    async (transport) => {
      expect(await sendRaw('😀'.repeat(80_000), transport)).toMatchObject([
        { event: 'error', code: 'VALIDATION' },
      ]);
    },
  );

  it('beyond a frame of 1 MiB: the client learns why before the connection closes', async () => {
    const client = await clients.connect(owner);
    const ended = new Promise<unknown>((resolve) => {
      client.socket.once('disconnect', (_reason, details) => {
        resolve(details);
      });
    });
    client.socket.emit('sendMessage', { text: 'x'.repeat(1024 * 1024) });
    expect(await ended).toMatchObject({ context: { code: 1009 } });
    expect(client.received).toContainEqual({
      event: 'error',
      args: [expect.any(String), expect.objectContaining({ code: 'TOO_LARGE', retryable: false })],
    });
  });
});
