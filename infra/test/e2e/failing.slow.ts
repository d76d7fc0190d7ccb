import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERRORS, isErrorCode } from '@switchboard/shared/errors';
import { isRecord } from '../../dev/json.ts';
import { startSystem, waitFor, type TestSystem } from '../helpers/index.ts';
import { aClient, anAdmin, Clients, openChat, type TestClient } from './client.ts';

// When a part behind the gateway fails, a user gets a code and a sentence of the fixed list and a
// reference, and no details.

const owner = aClient();
const agent = anAdmin();

let system: TestSystem;
let clients: Clients;
let client: TestClient;
let chatId: string;
beforeAll(async () => {
  const everyStatement = ['chat-service', 'message-service', 'presence-service'].map(
    (name) => `${name}:postgres.work=throw@SIGUSR2`,
  );
  system = await startSystem({
    failpoints: [
      ...everyStatement,
      'message-service:message.inTransaction=throw@2',
      'message-service:message.committed=throw@4',
      'message-service:message.published=throw@5',
      'gateway:gateway.frameRead=throw@SIGUSR2',
      'gateway:bus.requestPublished=throw@SIGUSR2',
    ].join(','),
  });
  clients = new Clients(system);
  chatId = await openChat(system, owner);
  client = await clients.connect(owner);
  await client.request('joinChat', chatId);
}, 90_000);
afterAll(async () => {
  clients.closeAll();
  await system.stop();
}, 60_000);

/** Words of internals that no reply may contain. */
const INSIDE =
  /failpoint|Error\b|\bat [/#A-Z]|node_modules|\.ts\b|SELECT|INSERT|relation|column|schema|postgres|nats|127\.0\.0\.1|localhost|ECONN|room\.|\.v1\.|_INBOX|-service|password/;

function expectSafe(reply: unknown): string {
  expect(JSON.stringify(reply)).not.toMatch(INSIDE);
  if (!isRecord(reply)) throw new Error(`no reply: ${JSON.stringify(reply)}`);
  const { code, traceId, retryable } = reply;
  if (!isErrorCode(code)) throw new Error(`unknown error code: ${JSON.stringify(reply)}`);
  expect([reply['data'] ?? reply['title'], retryable]).toEqual([
    ERRORS[code].sentence,
    ERRORS[code].retryable,
  ]);
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  return code;
}

const eventRequests = (): [event: string, payload: unknown][] => [
  ['joinChat', chatId],
  ['sendMessage', { chatId, message: { text: 'x', clientMessageId: randomUUID() } }],
  ['typing', { chatId, isTyping: true }],
  ['readMessages', { chatId, messageIds: [randomUUID()] }],
  ['getActiveUsers', chatId],
  ['leaveChat', chatId],
];
const httpRequests = (): [method: string, path: string, body?: string][] => [
  ['GET', '/chats'],
  ['POST', '/chats', '{}'],
  ['GET', `/chats/${chatId}`],
  ['PATCH', `/chats/${chatId}`, '{"adminId":1}'],
  ['GET', `/chats/${chatId}/messages`],
  ['GET', `/files/${randomUUID()}`],
];

async function byHttp([method, path, body]: [string, string, string?]): Promise<unknown> {
  const response = await fetch(`${system.url}/api/v1${path}`, {
    method,
    body,
    headers: { authorization: `Bearer ${system.token(owner)}`, 'content-type': 'application/json' },
  });
  return response.json();
}

/** Sends every request, and returns the error codes of those that failed, by request. */
async function requestAll(): Promise<Record<string, string>> {
  const replies = await Promise.all([
    ...eventRequests().map(
      async ([event, payload]) => [event, await client.request(event as 'joinChat', payload)] as const,
    ),
    ...httpRequests().map(
      async (path) =>
        [
          path
            .slice(0, 2)
            .join(' ')
            .replace(chatId, ':chatId')
            .replace(/[0-9a-f-]{36}/, ':fileId'),
          await byHttp(path),
        ] as const,
    ),
  ]);
  return Object.fromEntries(
    replies.flatMap(([what, reply]) =>
      isRecord(reply) && 'code' in reply ? [[what, expectSafe(reply)]] : [],
    ),
  );
}

const log = (): Record<string, unknown>[] =>
  readFileSync(system.log, 'utf8')
    .split('\n')
    .flatMap((line): Record<string, unknown>[] =>
      line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : [],
    );

describe('a send that fails in its transaction or after its COMMIT', () => {
  it('gets INTERNAL and a reference by which the log has the reason; a repeat is stored once', async () => {
    let failures = 0;
    for (let n = 1; n <= 8; n++) {
      const send = () =>
        client.request('sendMessage', { chatId, message: { text: `${n}`, clientMessageId: `${n}` } });
      for (let reply = await send(); reply.event === 'error'; reply = await send()) {
        failures += 1;
        expect(expectSafe(reply)).toBe('INTERNAL');
        await waitFor(
          () =>
            log().some(
              (line) =>
                line['trace_id'] === reply.traceId && JSON.stringify(line['err']).includes('failpoint'),
            ),
          { what: 'the reference in the log' },
        );
      }
    }
    expect(failures).toBe(2);
    const messages = (await byHttp(['GET', `/chats/${chatId}/messages`])) as { messages: { text: string }[] };
    expect(messages.messages.map(({ text }) => text)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
  });

  it('is acknowledged all the same when only the publishing to its room failed', async () => {
    await waitFor(
      () =>
        log().some(
          ({ err, event }) => event === 'newMessage' && JSON.stringify(err).includes('message.published'),
        ),
      { what: 'the failure in the log' },
    );
  });
});

describe('a frozen process', () => {
  /** A process and its children: Postgres has a child per connection. */
  async function processTree(name: string): Promise<number[]> {
    const { pid = 0 } = (await system.processes()).find((one) => one.name === name) ?? {};
    return [
      pid,
      ...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
        .split(' ')
        .filter((child) => child !== '')
        .map(Number),
    ];
  }

  it.each(['postgres', 'nats', 'chat-service', 'message-service', 'presence-service'])(
    '%s: requests that need it fail with a retryable error and no details',
    async (name) => {
      const pids = await processTree(name);
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      const failures = await requestAll().finally(() => {
        for (const pid of pids) process.kill(pid, 'SIGCONT');
      });
      expect(Object.keys(failures).length).toBeGreaterThan(0);
      for (const [what, code] of Object.entries(failures)) {
        if (isErrorCode(code) && ERRORS[code].retryable) continue;
        // Replies of running services: for missing resources and refused actions.
        expect([what, code]).toEqual([
          expect.stringMatching(/^(readMessages|GET \/files|PATCH)/),
          expect.stringMatching(/NOT_FOUND$|FORBIDDEN/),
        ]);
      }
      await waitFor(
        async () =>
          (await fetch(`${system.url}/readyz`)).ok &&
          (await client.request('getActiveUsers', chatId)).event === 'activeUsers',
        { what: 'the system to recover', timeoutMs: 20_000 },
      );
    },
  );
});

describe('an unexpected error', () => {
  it.each([
    ['chat-service', ['GET /chats', 'POST /chats', 'GET /chats/:chatId', 'PATCH /chats/:chatId']],
    ['presence-service', ['typing', 'getActiveUsers', 'leaveChat']],
    [
      'message-service',
      ['joinChat', 'sendMessage', 'readMessages', 'GET /chats/:chatId/messages', 'GET /files/:fileId'],
    ],
  ])('in %s becomes INTERNAL without details', async (name, expected) => {
    await system.kill(name, 'SIGUSR2');
    await waitFor(
      async () => {
        const failures = await requestAll();
        return expected.every((what) => failures[what] === 'INTERNAL');
      },
      { what: 'all requests to fail', everyMs: 200 },
    );
    await system.kill(name);
    await waitFor(async () => (await fetch(`${system.url}/readyz`)).ok, {
      what: `${name} to be back`,
      timeoutMs: 20_000,
    });
  });

  it('in the gateway becomes INTERNAL or UNAVAILABLE, also for an admin', async () => {
    const admin = await clients.connect(agent);
    await system.kill('gateway', 'SIGUSR2');
    await waitFor(async () => (await client.request('getActiveUsers', chatId)).code === 'INTERNAL', {
      what: 'the failure',
    });
    expect(expectSafe(await admin.request('getActiveUsers', chatId))).toBe('INTERNAL');
    const failures = await requestAll();
    for (const [event] of eventRequests()) expect([event, failures[event]]).toEqual([event, 'INTERNAL']);
    for (const what of ['GET /chats', 'POST /chats', 'GET /chats/:chatId'])
      expect([what, failures[what]]).toEqual([what, 'UNAVAILABLE']);
  });

  it('ends no process that the test did not kill', () => {
    expect(
      log().filter(({ msg, level }) => level === 60 || msg === 'process: ended by an uncaught exception'),
    ).toEqual([]);
  });
});
