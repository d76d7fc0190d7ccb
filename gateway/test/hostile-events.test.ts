import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { edgeRequests, requestContracts } from '@switchboard/shared/contracts';
import { waitFor } from '@switchboard/infra/test';
import { Bystander } from './bystander.ts';
import { Client, type Reply } from './client.ts';

// Well-formed events with invalid content, and invalid tokens. The gateway replies to each with one error,
// keeps the socket connected, and other users see no effect. Runs the real system with its default limits.

let bystander: Bystander;
const clients: Client[] = [];
beforeAll(async () => {
  bystander = await Bystander.start({ JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE });
}, 90_000);
afterAll(async () => {
  for (const client of clients) client.close();
  await bystander.stop();
}, 60_000);

const ISSUER = 'https://id.example.com';
const AUDIENCE = 'switchboard';
const UUID = randomUUID();

let lastUser = 500_000;
/** Connects a new user who has a new chat. */
async function attacker(): Promise<{ client: Client; chatId: string }> {
  const token = sign({ sub: String(++lastUser) });
  const response = await fetch(`${bystander.system.url}/api/v1/chats`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  const { id: chatId } = (await response.json()) as { id: string };
  const client = open(token);
  await waitFor(() => client.socket.connected, { what: 'the attacker to connect' });
  await bystander.begin();
  return { client, chatId };
}

function open(token: unknown): Client {
  const client = new Client(bystander.system.url, { auth: { token } });
  clients.push(client);
  return client;
}

function sign(
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
  key = bystander.system.jwtSecret,
): string {
  const now = Math.floor(Date.now() / 1_000);
  const good = {
    sub: '7',
    email: 'a@example.com',
    role: 'client',
    iat: now,
    exp: now + 600,
    iss: ISSUER,
    aud: AUDIENCE,
  };
  const body = [
    { alg: 'HS256', typ: 'JWT', ...header },
    { ...good, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
}

const SENTENCES: Record<string, string> = {
  VALIDATION: 'The request is not valid.',
  UNKNOWN_EVENT: 'There is no such event.',
  CHAT_NOT_FOUND: 'There is no such chat.',
  MESSAGE_NOT_FOUND: 'There is no such message in this chat.',
  FILE_NOT_FOUND: 'There is no such file.',
  UNAUTHORIZED: 'A valid token is needed.',
};

/** Expects one error with a fixed sentence and at most the invalid fields. It never echoes the input. */
function expectRefusal(reply: Reply, code: string): void {
  expect(reply).toEqual({
    event: 'error',
    data: SENTENCES[code],
    code,
    retryable: false,
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    ...(code === 'VALIDATION' ? { details: { issues: expect.any(Array) } } : {}),
  });
  expect(JSON.stringify(reply).length).toBeLessThan(2_500);
}

type Events = (chatId: string) => [event: string, ...args: unknown[]][];

const sends =
  (...messages: unknown[]): Events =>
  (chatId) =>
    messages.map((message) => ['sendMessage', { chatId, message }]);
const texts = (...values: unknown[]): Events => sends(...values.map((text) => ({ text })));
const nested = (depth: number, inner: unknown = 'x'): unknown =>
  depth === 0 ? inner : { a: nested(depth - 1, inner) };
const list = (depth: number): unknown => (depth === 0 ? [] : [list(depth - 1)]);
const keys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]));
/** Each id in every event that has a chat id. */
const aboutChats =
  (...ids: unknown[]): Events =>
  () =>
    ids.flatMap((id): [string, unknown][] => [
      ['joinChat', id],
      ['joinChat', { chatId: id }],
      ['leaveChat', id],
      ['getActiveUsers', id],
      ['typing', { chatId: id, isTyping: true }],
      ['sendMessage', { chatId: id, message: { text: 'x' } }],
      ['readMessages', { chatId: id, messageIds: [UUID] }],
    ]);
const SQL = [
  `'; DROP TABLE message.message; --`,
  `' OR '1'='1`,
  `1); SELECT pg_sleep(9); --`,
  `\\'; SELECT 1 --`,
  `$1`,
  `%27`,
  `admin'/*`,
];

/** Every event of the contracts. */
const EVENTS = [...requestContracts, ...edgeRequests].flatMap(({ socket }) => socket?.event ?? []);

const rows: [what: string, code: string, events: Events][] = [
  [
    'unknown event names',
    'UNKNOWN_EVENT',
    () =>
      [
        'nothing',
        '',
        ' ',
        'sendmessage',
        'SENDMESSAGE',
        'sendMessage ',
        'sendMessage\0',
        'message.v1.send',
        'internal.message.v1.takeChat',
        'ping',
        'pong',
        'newMessage',
        'messageSent',
      ].map((event) => [event, {}]),
  ],
  [
    'event names with a special meaning in JavaScript, NATS or Socket.IO',
    'UNKNOWN_EVENT',
    () =>
      [
        'error',
        '__proto__',
        'constructor',
        'prototype',
        'toString',
        'hasOwnProperty',
        'valueOf',
        'then',
        'undefined',
        'null',
        '$SYS.>',
        '*',
        'x'.repeat(10_240),
      ].map((event) => [event, { a: 1 }]),
  ],
  ['no argument', 'VALIDATION', () => EVENTS.map((event) => [event])],
  [
    'too many arguments',
    'VALIDATION',
    (chatId) => [
      ['joinChat', chatId, 'x'],
      ['joinChat', chatId, {}, {}],
      ['leaveChat', chatId, chatId],
      ['sendMessage', { chatId, message: { text: 'x' } }, { text: 'y' }],
      ['typing', { chatId, isTyping: true }, true],
      ['getActiveUsers', chatId, { traceparent: 1 }],
      ['getActiveUsers', chatId, { traceparent: 'x', more: 1 }],
    ],
  ],
  [
    'arguments of the wrong type',
    'VALIDATION',
    () =>
      [
        null,
        1,
        true,
        [],
        {},
        ['x'],
        { $ne: null },
        { chatId: { $gt: '' } },
        -0,
        1e308,
        { toString: 'x' },
      ].flatMap((one): [string, unknown][] => EVENTS.map((event): [string, unknown] => [event, one])),
  ],
  [
    'lists and objects where text belongs',
    'VALIDATION',
    texts(['x'], { x: 1 }, [], {}, [['x']], { toString: 'x' }, { length: 1 }, null, 1, true),
  ],
  [
    'message fields that clients may not set',
    'VALIDATION',
    sends(
      ...[
        'senderId',
        'sender',
        'role',
        'id',
        'seq',
        'chatId',
        'createdAt',
        'fileUrl',
        'replyTo',
        'deduplicated',
        'constructor',
        'toString',
      ].map((field) => ({ text: 'x', [field]: 9 })),
      JSON.parse('{"text":"x","__proto__":{"role":"admin"}}'),
    ),
  ],
  [
    'payload fields that clients may not set',
    'VALIDATION',
    (chatId) =>
      ['senderId', 'actor', 'role', 'userId', 'traceparent', 'socket'].map((field) => [
        'sendMessage',
        { chatId, message: { text: 'x' }, [field]: { id: 1, role: 'admin' } },
      ]),
  ],
  [
    'payloads that are nested too deeply',
    'VALIDATION',
    (chatId) =>
      [8, 9, 100, 1_000].flatMap((depth): [string, unknown][] => [
        ['sendMessage', nested(depth)],
        ['sendMessage', { chatId, message: { text: nested(depth) } }],
        ['joinChat', list(depth)],
        ['joinChats', { chats: list(depth + 1) }],
        ['joinChats', { chats: [{ chatId, after: nested(depth) }] }],
        ['readMessages', { chatId, messageIds: list(depth) }],
      ]),
  ],
  [
    'too many keys',
    'VALIDATION',
    (chatId) =>
      [64, 65, 2_000].flatMap((count): [string, unknown][] => [
        ['sendMessage', keys(count)],
        ['sendMessage', { chatId, message: { text: 'x', ...keys(count) } }],
        ['typing', { chatId, isTyping: true, ...keys(count) }],
        ['joinChats', { chats: [{ chatId, ...keys(count) }] }],
      ]),
  ],
  [
    'too many elements',
    'VALIDATION',
    (chatId) => [
      ['readMessages', { chatId, messageIds: Array.from({ length: 10_000 }, () => 1) }],
      ['readMessages', { chatId, messageIds: Array.from({ length: 501 }, () => UUID) }],
      ['readMessages', { chatId, messageIds: Array.from({ length: 10_000 }, () => null) }],
      ['joinChat', Array.from({ length: 10_000 }, () => 0)],
      ['joinChats', { chats: Array.from({ length: 10_000 }, () => ({ chatId })) }],
      ['joinChats', { chats: Array.from({ length: 201 }, () => ({ chatId: randomUUID() })) }],
      ['joinChats', { chats: [{ chatId }, { chatId }] }],
      ['joinChats', { chats: [{ chatId: 'x'.repeat(5_120) }] }],
    ],
  ],
  ['NUL', 'VALIDATION', texts('\0', 'a\0b', `${'x'.repeat(100)}\0`)],
  [
    'lone surrogates',
    'VALIDATION',
    texts('\ud800', 'a\udfff', '\udc00\ud800', 'x\ud83d', '\ud83d\ud83d\ude00'),
  ],
  [
    'more than 30 combining marks on one base character',
    'VALIDATION',
    texts(
      `a${'\u0301'.repeat(31)}`,
      `a${'\u0489'.repeat(7_999)}`,
      `${'a\u0301'.repeat(100)}${'\u20dd'.repeat(40)}`,
      '\u0e49'.repeat(50),
    ),
  ],
  [
    'blank text in every script',
    'VALIDATION',
    texts(
      '',
      ' ',
      '\t\r\n',
      '\u00a0',
      '\u00ad',
      '\u034f',
      '\u061c',
      '\u115f\u1160',
      '\u1680',
      '\u17b4\u17b5',
      '\u180b\u180e',
      '\u2000\u200a',
      '\u200b\u200f',
      '\u2028\u2029',
      '\u202e',
      '\u2060\u206f',
      '\u2800',
      '\u3000',
      '\u3164',
      '\ufe0f',
      '\ufeff',
      '\uffa0',
      '\u{1d159}',
      '\u{1d173}',
      '\u{e0001}\u{e007f}',
      '\u{e0100}',
      ' '.repeat(8_000),
    ),
  ],
  [
    'text longer than 8,000 characters',
    'VALIDATION',
    texts('x'.repeat(8_001), 'é'.repeat(8_001), '😀'.repeat(8_001), `${'x'.repeat(8_000)} `),
  ],
  [
    'messages without content',
    'VALIDATION',
    sends({}, { replyToId: UUID }, { clientMessageId: 'k' }, { text: undefined }, 'x', null, [], 7),
  ],
  [
    'invalid idempotency keys',
    'VALIDATION',
    sends(
      ...['', 'k'.repeat(65), 1, 'a\0', '\ud800', {}, []].map((clientMessageId) => ({
        text: 'x',
        clientMessageId,
      })),
    ),
  ],
  [
    'chat ids with NATS wildcards and subjects',
    'CHAT_NOT_FOUND',
    aboutChats('a.b', '*', '>', '$SYS.REQ.SERVER.PING', `${UUID}.message`, `${UUID}.>`, '_INBOX.>'),
  ],
  [
    'chat ids with line breaks, spaces or other formatting',
    'CHAT_NOT_FOUND',
    aboutChats(`${UUID}\r\nPUB x 1\r\n1`, `${UUID}\n`, ` ${UUID}`, '\0', `{${UUID}}`),
  ],
  [
    'long or invalid chat ids',
    'CHAT_NOT_FOUND',
    aboutChats('x'.repeat(5_120), '', '__proto__', 'constructor', '../x', 'null', '٧'),
  ],
  ['SQL as a chat id', 'CHAT_NOT_FOUND', aboutChats(...SQL)],
  [
    'SQL as a message id',
    'MESSAGE_NOT_FOUND',
    (chatId) =>
      SQL.flatMap((id): [string, unknown][] => [
        ['readMessages', { chatId, messageIds: [id] }],
        ['sendMessage', { chatId, message: { text: 'x', replyToId: id } }],
      ]),
  ],
  [
    'SQL as a file id',
    'FILE_NOT_FOUND',
    (chatId) =>
      [...SQL, '../../etc/passwd', '..%2f', 'a.b', '>', 'x'.repeat(5_120)].map((fileId) => [
        'sendMessage',
        { chatId, message: { text: 'x', fileId } },
      ]),
  ],
  [
    'invalid tokens',
    'UNAUTHORIZED',
    () => ['', 'x', 'x.y.z', 'x'.repeat(60_000), ...SQL].map((token) => ['refreshToken', { token }]),
  ],
  [
    'tokens of the wrong type',
    'VALIDATION',
    () => [null, 7, {}, [], { $ne: null }, ['x']].map((token) => ['refreshToken', { token }]),
  ],
];

it.each(rows)(
  '%s: rejects with %s, with and without a callback, and keeps the socket connected',
  async (_, code, eventsFor) => {
    const { chatId, ...first } = await attacker();
    let { client } = first;
    const events = eventsFor(chatId);
    for (const [index, [event, ...args]] of events.entries()) {
      // Changes the user before the rate limit, which would return another error.
      if (index % 40 === 39) ({ client } = await attacker());
      expectRefusal(await client.request(event, ...args), code);
    }
    const [event, ...args] = events[0] ?? [''];
    client.received.splice(0);
    client.socket.emit(event, ...args);
    const [sentence] = await client.receives('error');
    expect(sentence).toBe(SENTENCES[code]);
    expect(client.received).toHaveLength(1);
    expect(client.socket.connected).toBe(true);
    await bystander.noticesNothing();
  },
);

it('refuses hostile ids of a batch each by itself, and joins the others', async () => {
  const { client, chatId } = await attacker();
  const ids = [
    ...SQL,
    'a.b',
    '*',
    '>',
    '$SYS.REQ.SERVER.PING',
    `${UUID}.>`,
    `${UUID}\r\nPUB x 1`,
    '__proto__',
    '',
  ];
  const { data } = await client.request('joinChats', {
    chats: [...ids, chatId].map((id) => ({ chatId: id })),
  });
  expect(data).toEqual({
    chats: [
      ...ids.map((id) => ({
        chatId: id.toLowerCase(),
        error: { code: 'CHAT_NOT_FOUND', retryable: false },
      })),
      { chatId, status: 'PENDING', messages: [], readMarks: [] },
    ],
  });
  await bystander.begin();
  await bystander.noticesNothing();
});

it('stores SQL in a text and in an idempotency key as plain text', async () => {
  const { client, chatId } = await attacker();
  for (const text of SQL) {
    expect(
      await client.request('sendMessage', { chatId, message: { text, clientMessageId: text } }),
    ).toMatchObject({ event: 'messageSent', data: { text } });
    expect(
      await client.request('sendMessage', { chatId, message: { text, clientMessageId: text } }),
    ).toMatchObject({ data: { deduplicated: true } });
  }
  await bystander.begin();
  await bystander.noticesNothing();
});

it('stores and delivers unchanged the texts whose encoding is largest', async () => {
  const { client, chatId } = await attacker();
  await client.join(chatId);
  for (const text of [
    '\u0001'.repeat(7_999) + 'x',
    '😀'.repeat(8_000),
    '"\\'.repeat(4_000),
    '語'.repeat(8_000),
  ]) {
    expect(await client.request('sendMessage', { chatId, message: { text } })).toMatchObject({
      event: 'messageSent',
      data: { text },
    });
  }
  expect(await client.receives('newMessage', 4)).toHaveLength(4);
  await bystander.begin();
  await bystander.noticesNothing();
});

it.each([
  ['limit', ['-1', '0', '1.5', '1e400', 'NaN', 'Infinity', '101', '1000000', ' 5', '0x10', '5;', '', '٥']],
  [
    'cursor',
    [
      'x',
      '',
      'bnVsbA',
      'YmVmb3JlOjA',
      'YmVmb3JlOi0x',
      'YmVmb3JlOjk5OTk5OTk5OTk',
      '__proto__',
      `' OR 1=1 --`,
      'x'.repeat(201),
      '%00',
      Buffer.from('before:1e3').toString('base64url'),
      Buffer.from('before:5\n').toString('base64url'),
    ],
  ],
])('rejects an invalid %s', async (name, values) => {
  const { chatId } = await attacker();
  const authorization = `Bearer ${sign({ sub: String(lastUser) })}`;
  for (const path of [`/chats/${chatId}/messages`, '/chats']) {
    for (const value of values) {
      const response = await fetch(
        `${bystander.system.url}/api/v1${path}?${name}=${encodeURIComponent(value)}`,
        { headers: { authorization } },
      );
      expect([path, value, response.status, await response.json()]).toEqual([
        path,
        value,
        400,
        expect.objectContaining({ code: 'VALIDATION' }),
      ]);
    }
  }
  await bystander.noticesNothing();
});

it('returns the latest page when the point to catch up from is unknown', async () => {
  const { client, chatId } = await attacker();
  for (const point of [
    { after: 'x' },
    { after: UUID },
    { after: SQL[0] },
    { cursor: 'bG9nOjk6MQ' },
    { cursor: 'bG9nOjA6OTk5OTk5OTk5' },
    { cursor: SQL[0] },
    { after: '\0' },
  ]) {
    expect(await client.request('joinChat', { chatId, ...point })).toMatchObject({
      event: 'joinedChat',
      data: { recovered: false },
    });
  }
  for (const point of [
    { after: -1 },
    { after: 1.5 },
    { after: {} },
    { after: 'x'.repeat(201) },
    { cursor: {} },
  ])
    expectRefusal(await client.request('joinChat', { chatId, ...point }), 'VALIDATION');
  await bystander.noticesNothing();
});

describe('a token', () => {
  const now = () => Math.floor(Date.now() / 1_000);
  const tampered = (header: Record<string, unknown>) => () => sign({}, header);

  it.each<[string, () => unknown]>([
    ...['none', 'None', 'NONE', 'nOnE', '', 'HS384', 'HS512', 'RS256', 'ES256', 'PS256', 'EdDSA', 'dir'].map(
      (alg): [string, () => unknown] => [`with the alg ${alg}`, tampered({ alg })],
    ),
    ...[
      '../../../../dev/null',
      `x' UNION SELECT 'key`,
      '__proto__',
      'constructor',
      'x'.repeat(1_000),
      { $ne: null },
    ].map((kid): [string, () => unknown] => [
      `of another key, with the kid ${JSON.stringify(kid).slice(0, 30)}`,
      () => sign({}, { kid }, 'x'.repeat(32)),
    ]),
    ['of another key, with a jku', () => sign({}, { jku: `${bystander.system.url}/keys` }, 'x'.repeat(32))],
    [
      'of a key that it brings itself',
      () =>
        sign(
          {},
          { jwk: { kty: 'oct', k: Buffer.from('x'.repeat(32)).toString('base64url') } },
          'x'.repeat(32),
        ),
    ],
    ['with a critical extension', () => sign({}, { crit: ['exp'], b64: false }, 'x'.repeat(32))],
    ...[undefined, null, '9999999999', -1, NaN, [now() + 60], now() - 1, {}].map(
      (exp): [string, () => unknown] => [`that ends ${JSON.stringify(exp)}`, () => sign({ exp })],
    ),
    ...[now() + 3_600, 'soon', null, [0]].map((nbf): [string, () => unknown] => [
      `that begins ${JSON.stringify(nbf)}`,
      () => sign({ nbf }),
    ]),
    ...[undefined, 'now', now() + 3_600, -1, 0, null].map((iat): [string, () => unknown] => [
      `issued ${JSON.stringify(iat)}`,
      () => sign({ iat, exp: now() + 600 }),
    ]),
    ['made for more than a month', () => sign({ exp: now() + 32 * 86_400 })],
    ...[undefined, '', 'https://evil.example.com', [ISSUER, 'x'], { $ne: null }].map(
      (iss): [string, () => unknown] => [`of the issuer ${JSON.stringify(iss)}`, () => sign({ iss })],
    ),
    ...[undefined, '', 'another', ['another'], { $ne: null }].map((aud): [string, () => unknown] => [
      `for ${JSON.stringify(aud)}`,
      () => sign({ aud }),
    ]),
    ...[{ $ne: null }, 'x'.repeat(300), '1'.repeat(300), '', 0, -7, 1.5, [7], true, null, '7\r\n'].map(
      (sub): [string, () => unknown] => [
        `for the user ${JSON.stringify(sub).slice(0, 30)}`,
        () => sign({ sub }),
      ],
    ),
    ...['service', 'root', 'Admin', [['admin']], '__proto__', null].map((role): [string, () => unknown] => [
      `in the role ${JSON.stringify(role)}`,
      () => sign({ role }),
    ]),
    ['of 60 KB', () => sign({ more: 'x'.repeat(44_000) })],
    ['that is a list', () => [sign({})]],
    ['that is an object', () => ({ token: sign({}), toString: 'x' })],
    ['that is a number', () => 7],
    ['that is missing', () => undefined],
  ])('%s is rejected with the same error as every invalid token', async (_, token) => {
    await bystander.begin();
    const client = open(token());
    const refusal = await client.refused();
    expect(refusal).toEqual({
      message: SENTENCES['UNAUTHORIZED'],
      data: { code: 'UNAUTHORIZED', retryable: false, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
    client.close();
    await bystander.noticesNothing();
  });
});
