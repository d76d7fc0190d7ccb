import { createHmac, createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { startSystem, waitFor, type TestSystem, type TokenSubject } from '../helpers/index.ts';
import { aClient, anAdmin, Clients, openChat, TestClient, type Reply } from './client.ts';
import { HttpUser } from './http-client.ts';

// Every refusal of the WebSocket API: its exact content, and that the request had no effect.

const ISSUER = 'https://id.example.com';
const AUDIENCE = 'switchboard';

let system: TestSystem;
let clients: Clients;

beforeAll(async () => {
  const started = await startSystem({
    replicas: 'gateway=2',
    env: { JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE },
  });
  system = {
    ...started,
    token: (subject) =>
      sign(
        subject.role === 'service'
          ? { sub: subject.name, role: subject.role }
          : { sub: String(subject.id), role: subject.role, email: subject.email },
      ),
  };
  clients = new Clients(system);
}, 90_000);
afterEach(() => {
  clients.closeAll();
});
afterAll(() => system.stop(), 60_000);

interface Forging {
  /** The value in the header. */
  alg?: string;
  signature?: (body: string) => Buffer;
}

const hmac = (hash: string, key: string) => (body: string) => createHmac(hash, key).update(body).digest();

/** A valid token except for the arguments; built by hand, since libraries refuse to make invalid ones. */
function sign(
  claims: Record<string, unknown>,
  { alg = 'HS256', signature = hmac('sha256', system.jwtSecret) }: Forging = {},
): string {
  const good = {
    sub: '7',
    email: 'a@example.com',
    role: 'client',
    iat: Math.floor(Date.now() / 1000) - 1,
    exp: Math.floor(Date.now() / 1000) + 600,
    iss: ISSUER,
    aud: AUDIENCE,
  };
  const body = [
    { alg, typ: 'JWT' },
    { ...good, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${body}.${signature(body).toString('base64url')}`;
}

/** The error that a refused connection receives. */
async function refusalOf(
  auth: Record<string, unknown>,
  options: ConstructorParameters<typeof TestClient>[2] = {},
): Promise<unknown> {
  const client = new TestClient(system.urls[1] ?? '', auth, { ...options, autoConnect: false });
  const received: unknown[] = [];
  client.socket.on('connect', () => {
    received.push('connected');
  });
  client.socket.on('connect_error', (error: Error & { data?: unknown }) => {
    received.push({ name: error.name, message: error.message, data: error.data });
  });
  client.socket.connect();
  try {
    return await waitFor(() => received[0], { what: 'a reply to the handshake' });
  } finally {
    client.close();
  }
}

describe('the handshake', () => {
  const UNAUTHORIZED = {
    name: 'Error',
    message: 'A valid token is needed.',
    data: { code: 'UNAUTHORIZED', retryable: false, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) },
  };
  const now = () => Math.floor(Date.now() / 1000);
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

  it('accepts a valid token in each allowed place', async () => {
    expect(await refusalOf({ token: sign({}) })).toBe('connected');
    expect(await refusalOf({ token: sign({ sub: 7 }) })).toBe('connected');
    expect(
      await refusalOf({}, { extraHeaders: { authorization: `Bearer ${sign({ role: 'admin' })}` } }),
    ).toBe('connected');
    expect(
      await refusalOf({
        token: sign({ sub: '8999999999999999', nbf: now() - 5, iat: now(), more: 1 }),
      }),
    ).toBe('connected');
    for (const claims of [{ sub: 'auth0|65f2' }, { email: undefined }, { role: ['offline', 'admin'] }])
      expect(await refusalOf({ token: sign(claims) })).toBe('connected');
  });

  it.each<[string, () => unknown]>([
    ['no token', () => undefined],
    ['an empty token', () => ''],
    ['no JWT', () => 'your-jwt-token'],
    ['a token that is no string', () => ({ token: sign({}) })],
    ['a list of tokens', () => [sign({})]],
    ['a bad signature', () => sign({}, { signature: hmac('sha256', 'x'.repeat(32)) })],
    ['a cut signature', () => sign({}).slice(0, -3)],
    ['no signature', () => sign({}).replace(/[^.]+$/, '')],
    [
      'altered claims',
      () =>
        sign({}).replace(
          /\.[^.]+\./,
          `.${Buffer.from(JSON.stringify({ sub: '7', role: 'admin', email: 'a@b.c', exp: 9e9 })).toString('base64url')}.`,
        ),
    ],
    ['alg none', () => sign({}, { alg: 'none', signature: () => Buffer.alloc(0) })],
    ['alg none with a signature', () => sign({}, { alg: 'none' })],
    ['alg None', () => sign({}, { alg: 'None', signature: () => Buffer.alloc(0) })],
    ['another HMAC', () => sign({}, { alg: 'HS512', signature: hmac('sha512', system.jwtSecret) })],
    [
      'another kind of key',
      () => sign({}, { alg: 'RS256', signature: (body) => createSign('sha256').update(body).sign(rsa) }),
    ],
    ['a name for an HMAC that is not its own', () => sign({}, { alg: 'RS256' })],
    ['no alg', () => sign({}, { alg: '' })],
    ['an expired one', () => sign({ exp: now() - 1 })],
    ['one that expires now', () => sign({ exp: now() })],
    ['one that is not valid yet', () => sign({ nbf: now() + 60 })],
    ['no exp', () => sign({ exp: undefined })],
    ['an exp that is no number', () => sign({ exp: '9999999999' })],
    ['another issuer', () => sign({ iss: 'https://evil.example.com' })],
    ['no issuer', () => sign({ iss: undefined })],
    ['another audience', () => sign({ aud: 'another' })],
    ['no audience', () => sign({ aud: undefined })],
    ...[undefined, null, '', 0, -1, 1.5, 2 ** 53, 'a\0', true, [7], { id: 7 }].map(
      (sub): [string, () => unknown] => [`the id ${JSON.stringify(sub)}`, () => sign({ sub })],
    ),
    ...[undefined, null, '', 'Admin', 'owner', 'client ', [['admin']], 1].map(
      (role): [string, () => unknown] => [`the role ${JSON.stringify(role)}`, () => sign({ role })],
    ),
    ...[7, ['a@b.c']].map((email): [string, () => unknown] => [
      `the email ${JSON.stringify(email)}`,
      () => sign({ email }),
    ]),
    ['a token longer than any', () => sign({ more: 'x'.repeat(20_000) })],
  ])('refuses %s without saying why', async (_what, token) => {
    expect(await refusalOf({ token: token() })).toEqual(UNAUTHORIZED);
  });

  it('refuses a token in the URL, on both transports', async () => {
    expect(await refusalOf({}, { query: { token: sign({}) } })).toEqual(UNAUTHORIZED);
    expect(await refusalOf({ token: 'x' }, { transports: ['polling'] })).toEqual(UNAUTHORIZED);
  });

  it('disconnects when the token expires', async () => {
    const exp = now() + 2;
    const client = await new TestClient(system.url, { token: sign({ exp }) }).connected();
    await waitFor(() => !client.socket.connected, { what: 'the connection to end' });
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
    expect(Date.now()).toBeLessThan(exp * 1000 + 1_500);
  });
});

const EVENTS = ['joinChat', 'leaveChat', 'sendMessage', 'typing', 'readMessages', 'getActiveUsers'] as const;
type EventName = (typeof EVENTS)[number];

const aMessageId = randomUUID();
/** A valid payload of each event, for the given chat. */
const payloadFor: Record<EventName, (chatId: string) => unknown> = {
  joinChat: (chatId) => chatId,
  leaveChat: (chatId) => chatId,
  sendMessage: (chatId) => ({ chatId, message: { text: 'intruder' } }),
  typing: (chatId) => ({ chatId, isTyping: true }),
  readMessages: (chatId) => ({ chatId, messageIds: [aMessageId] }),
  getActiveUsers: (chatId) => chatId,
};

const TRACE = /^[0-9a-f]{32}$/;
const Refusal = z.object({
  code: z.string(),
  retryable: z.boolean(),
  traceId: z.string().regex(TRACE),
  details: z.unknown().optional(),
});

/** Emits with and without a callback and expects the same refusal. Resolves to it without its trace. */
async function refused(
  client: TestClient,
  event: string,
  ...args: unknown[]
): Promise<Omit<Reply<unknown>, 'traceId'>> {
  const { traceId, ...withAck }: Reply<unknown> = await client.socket
    .timeout(5_000)
    .emitWithAck(event, ...args);
  expect(traceId).toMatch(TRACE);
  expect(await refusedWithoutAck(client, event, ...args)).toEqual(withAck);
  return withAck;
}

async function refusedWithoutAck(client: TestClient, event: string, ...args: unknown[]): Promise<unknown> {
  const before = client.received.length;
  client.socket.emit(event, ...args);
  const {
    args: [data, about],
  } = await waitFor(() => client.received.slice(before).find((one) => one.event === 'error'), {
    what: `a refusal of ${event}`,
  });
  const { code, retryable, details } = Refusal.parse(about);
  return { event: 'error', data, code, retryable, ...(details === undefined ? {} : { details }) };
}

/** A chat with one message, watched by an admin. After the test it must contain only that message. */
async function watchedChat(owner: TokenSubject) {
  const chatId = await openChat(system, owner);
  const admin = await clients.connect(anAdmin(), 1);
  const { data: message } = await admin.request('sendMessage', { chatId, message: { text: 'the only one' } });
  await admin.request('joinChat', chatId);
  const untouched = async () => {
    await admin.receivedAll(chatId);
    expect((await new HttpUser(system, owner).messages(chatId)).messages).toEqual([message]);
    return admin.received.map(({ event }) => event);
  };
  return { chatId, message, admin, untouched };
}

describe('a chat that is foreign, missing, or not an id', () => {
  it.each(EVENTS)('gets the same refusal from %s, with and without an acknowledgement', async (event) => {
    const { chatId, untouched } = await watchedChat(aClient());
    const intruder = await clients.connect(aClient());
    const chatIds = [
      chatId,
      randomUUID(),
      'chat-id-123',
      '',
      chatId.toUpperCase(),
      `${chatId}\n`,
      ` ${chatId}`,
      '*',
      '>',
      `${chatId}.message`,
      '__proto__',
      'x'.repeat(5_000),
    ];
    for (const one of chatIds) {
      expect(await refused(intruder, event, payloadFor[event](one))).toEqual({
        event: 'error',
        data: 'There is no such chat.',
        code: 'CHAT_NOT_FOUND',
        retryable: false,
      });
    }
    expect(await untouched()).toEqual([]);
  });

  it('sends no events to a refused user', async () => {
    const owner = aClient();
    const { chatId } = await watchedChat(owner);
    const intruder = await clients.connect(aClient());
    for (const event of EVENTS) await refused(intruder, event, payloadFor[event](chatId));
    const member = await clients.connect(owner);
    await member.request('joinChat', chatId);
    await member.request('typing', { chatId, isTyping: true });
    await member.request('sendMessage', { chatId, message: { text: 'private' } });
    await member.receives('newMessage');
    await intruder.request('getActiveUsers', chatId);
    expect(intruder.received.filter(({ event }) => event !== 'error')).toEqual([]);
    expect((await member.request('getActiveUsers', chatId)).data.userIds).toHaveLength(2);
  });
});

describe('an invalid payload', () => {
  const notAString = [undefined, null, 1, true, {}, [], ['x'], { id: 'x' }, { chatId: 1 }, { chatId: null }];
  const wrong: Record<EventName, (chatId: string) => unknown[][]> = {
    joinChat: (chatId) => [
      ...notAString.map((one) => [one]),
      [],
      [{ chatId, after: -1 }],
      [{ chatId, after: 1.5 }],
      [{ chatId, userId: 1 }],
      [[chatId]],
      [Buffer.from(chatId)],
      [chatId, 'x'],
      [chatId, null],
      [chatId, {}],
    ],
    leaveChat: (chatId) => [
      ...notAString.map((one) => [one]),
      [],
      [{ chatId }],
      [{ chatId, how: 'dropped' }],
      [chatId, 'x'],
    ],
    getActiveUsers: (chatId) => [...notAString.map((one) => [one]), [], [{ chatId }], [chatId, 1]],
    typing: (chatId) => [
      ...notAString.map((one) => [one]),
      [],
      [chatId],
      [{ chatId }],
      [{ isTyping: true }],
      [{ chatId, isTyping: 'true' }],
      [{ chatId, isTyping: 1 }],
      [{ chatId, isTyping: true, userId: 1 }],
      [{ chatId, isTyping: true, email: 'x' }],
      [chatId, true],
    ],
    readMessages: (chatId) => [
      ...notAString.map((one) => [one]),
      [],
      [chatId],
      [{ chatId }],
      [{ chatId, messageIds: [] }],
      [{ chatId, messageIds: aMessageId }],
      [{ chatId, messageIds: [1] }],
      [{ chatId, messageIds: [null] }],
      [{ chatId, messageIds: Array.from({ length: 501 }, () => randomUUID()) }],
      [{ chatId, messageIds: [aMessageId], userId: 1 }],
      [{ chatId, messageIds: [aMessageId] }, 'x'],
    ],
    sendMessage: (chatId) => [
      ...notAString.map((one) => [one]),
      [],
      [chatId],
      [{ chatId }],
      [{ message: { text: 'x' } }],
      [chatId, { text: 'x' }],
      [{ chatId, message: 'x' }],
      [{ chatId, message: null }],
      [{ chatId, message: [] }],
      [{ chatId, message: { text: 'x' } }, 'x'],
      [{ chatId, message: { text: 'x' }, senderId: 1 }],
      ...[
        {},
        { replyToId: aMessageId },
        { clientMessageId: 'k' },
        { text: null },
        { text: 1 },
        { text: ['x'] },
        { text: { toString: 'x' } },
        { text: undefined },
        ...[
          '',
          ' ',
          '\n\t\r',
          '\u00a0\u2003',
          '\u200b\u2060\ufeff',
          '\u2800',
          'a\0b',
          '\0',
          '\ud800',
          'a\udfff',
          '\udc00\ud800',
          'x'.repeat(8001),
          ' '.repeat(8001),
        ].map((text) => ({ text })),
        ...[
          'id',
          'seq',
          'senderId',
          'sender',
          'chatId',
          'createdAt',
          'fileUrl',
          'replyTo',
          'role',
          '__proto__x',
        ].map((field) => ({ text: 'x', [field]: 'x' })),
        { text: 'x', fileId: 1 },
        { text: 'x', replyToId: 1 },
        { text: '', fileId: randomUUID() },
        ...['', 'k'.repeat(65), 1, 'a\0', '\ud800'].map((clientMessageId) => ({
          text: 'x',
          clientMessageId,
        })),
      ].map((message) => [{ chatId, message }]),
    ],
  };

  it.each(EVENTS)('is refused by %s, without effect', async (event) => {
    const owner = aClient();
    const { chatId, message, untouched } = await watchedChat(owner);
    const client = await clients.connect(owner);
    for (const args of wrong[event](chatId)) {
      const refusal = await refused(client, event, ...args);
      expect([JSON.stringify(args), refusal]).toEqual([
        JSON.stringify(args),
        expect.objectContaining({
          event: 'error',
          data: 'The request is not valid.',
          code: 'VALIDATION',
          retryable: false,
        }),
      ]);
    }
    expect(await untouched()).toEqual([]);

    expect(await client.request('joinChat', chatId)).toMatchObject({
      event: 'joinedChat',
      data: { messages: [message] },
    });
    expect(
      await client.request('sendMessage', { chatId, message: { text: 'x'.repeat(8000) } }),
    ).toMatchObject({
      event: 'messageSent',
      data: { seq: 2 },
    });
    expect(await client.request('readMessages', { chatId, messageIds: [message.id] })).toMatchObject({
      event: 'messagesMarkedRead',
    });
    expect(client.socket.connected).toBe(true);
  });

  it("is refused before the chat is checked: a stranger's and an unknown chat get the same refusal", async () => {
    const { chatId, untouched } = await watchedChat(aClient());
    const intruder = await clients.connect(aClient());
    const [there, nowhere] = await Promise.all(
      [chatId, randomUUID()].map((one) =>
        intruder.request('sendMessage', { chatId: one, message: { text: ' ' } }),
      ),
    );
    expect({ ...there, traceId: '' }).toEqual({ ...nowhere, traceId: '' });
    expect(await untouched()).toEqual([]);
  });

  it('gets an error event when the last argument is not a function', async () => {
    const owner = aClient();
    const { chatId } = await watchedChat(owner);
    const client = await clients.connect(owner);
    for (const last of ['callback', {}, null, 1, []]) {
      expect(await refusedWithoutAck(client, 'joinChat', chatId, last)).toMatchObject({ code: 'VALIDATION' });
    }
  });
});

describe('an invalid reference', () => {
  it('is refused equally for a message of another chat, a missing one and no id, without effect', async () => {
    const owner = aClient();
    const { chatId, message, admin, untouched } = await watchedChat(owner);
    const elsewhere = await watchedChat(owner);
    const client = await clients.connect(owner);
    const NOT_FOUND = {
      event: 'error',
      data: 'There is no such message in this chat.',
      code: 'MESSAGE_NOT_FOUND',
      retryable: false,
    };
    for (const id of [elsewhere.message.id, randomUUID(), 'no-id', '']) {
      expect(await refused(client, 'sendMessage', { chatId, message: { text: 'x', replyToId: id } })).toEqual(
        NOT_FOUND,
      );
      expect(await refused(client, 'readMessages', { chatId, messageIds: [id] })).toEqual(NOT_FOUND);
      expect(await refused(client, 'readMessages', { chatId, messageIds: [message.id, id] })).toEqual(
        NOT_FOUND,
      );
    }
    expect(await untouched()).toEqual([]);
    await client.request('readMessages', { chatId, messageIds: [message.id] });
    expect(await admin.receives('messagesRead')).toEqual({
      chatId,
      userId: owner.id,
      messageIds: [message.id],
    });
  });

  it('is refused equally for a file of another user, a missing one and no id', async () => {
    const owner = aClient();
    const { chatId, untouched } = await watchedChat(owner);
    const file = await new HttpUser(system, aClient()).uploadFile('theirs', 'theirs.txt', 'text/plain');
    const client = await clients.connect(owner);
    for (const fileId of [file.id, randomUUID(), 'no-id', '', '../x']) {
      for (const text of [{}, { text: 'x' }]) {
        expect(await refused(client, 'sendMessage', { chatId, message: { ...text, fileId } })).toEqual({
          event: 'error',
          data: 'There is no such file.',
          code: 'FILE_NOT_FOUND',
          retryable: false,
        });
      }
    }
    expect(await untouched()).toEqual([]);
  });
});

describe('a closed chat', () => {
  it('accepts no message, and stays readable', async () => {
    const owner = aClient();
    const { chatId, message, admin, untouched } = await watchedChat(owner);
    const client = await clients.connect(owner);
    expect((await new HttpUser(system, owner).patch(chatId, { status: 'CLOSED' })).status).toBe(200);
    for (const sender of [client, admin]) {
      expect(await refused(sender, 'sendMessage', { chatId, message: { text: 'late' } })).toEqual({
        event: 'error',
        data: 'The chat is closed.',
        code: 'CHAT_CLOSED',
        retryable: false,
      });
    }
    expect(await untouched()).toEqual(['chatStatusChanged', 'error']);
    expect(await client.request('joinChat', chatId)).toMatchObject({
      event: 'joinedChat',
      data: { messages: [message] },
    });
    expect(await client.request('readMessages', { chatId, messageIds: [message.id] })).toMatchObject({
      event: 'messagesMarkedRead',
    });
  });
});

describe('an unknown event', () => {
  it('is refused for any name', async () => {
    const owner = aClient();
    const { chatId, untouched } = await watchedChat(owner);
    const client = await clients.connect(owner);
    const names = [
      'nothing',
      '',
      'newMessage',
      'messageSent',
      'chatStatusChanged',
      'error',
      'ping',
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'openChat',
      'message.v1.send',
      'internal.message.v1.takeChat',
      'SENDMESSAGE',
    ];
    for (const name of names) {
      expect(await refused(client, name, { chatId, message: { text: 'x' } })).toEqual({
        event: 'error',
        data: 'There is no such event.',
        code: 'UNKNOWN_EVENT',
        retryable: false,
      });
    }
    expect(await untouched()).toEqual([]);
    expect(await client.request('joinChat', chatId)).toMatchObject({ event: 'joinedChat' });
  });
});
