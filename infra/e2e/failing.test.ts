import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERRORS, isErrorCode } from '@switchboard/shared/errors';
import { isRecord } from '../local/json.ts';
import { startSystem, waitFor, type TestSystem } from '../testing/index.ts';
import { aClient, anAdmin, Clients, openChat, type TestClient } from './client.ts';

// What anybody is told when something behind the gateway fails: a code and a sentence of the fixed list, with a reference, and
// nothing of what it was.

const owner = aClient();
const agent = anAdmin();

let system: TestSystem;
let clients: Clients;
let client: TestClient;
let chatId: string;
beforeAll(async () => {
  const everyStatement = ['chat-service', 'message-service', 'presence-service'].map((name) => `${name}:postgres.work=throw@SIGUSR2`);
  system = await startSystem({
    env: {
      FAILPOINTS: [...everyStatement, 'message-service:message.inTransaction=throw@2', 'message-service:message.committed=throw@4', 'message-service:message.told=throw@5',
        'gateway:gateway.frameRead=throw@SIGUSR2', 'gateway:bus.requestPublished=throw@SIGUSR2'].join(','),
    },
  });
  clients = new Clients(system);
  chatId = await openChat(system, owner);
  client = await clients.connect(owner);
  await client.ask('joinChat', chatId);
}, 90_000);
afterAll(async () => {
  clients.closeAll();
  await system.stop();
}, 60_000);

/** Words that only somebody inside would use. */
const INSIDE = /failpoint|Error\b|\bat [/#A-Z]|node_modules|\.ts\b|SELECT|INSERT|relation|column|schema|postgres|nats|127\.0\.0\.1|localhost|ECONN|room\.|\.v1\.|_INBOX|-service|password/;

function expectSafe(answer: unknown): string {
  expect(JSON.stringify(answer)).not.toMatch(INSIDE);
  if (!isRecord(answer)) throw new Error(`no answer: ${JSON.stringify(answer)}`);
  const { code, traceId, retryable } = answer;
  if (!isErrorCode(code)) throw new Error(`no code of ours: ${JSON.stringify(answer)}`);
  expect([answer['data'] ?? answer['title'], retryable]).toEqual([ERRORS[code].sentence, ERRORS[code].retryable]);
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  return code;
}

const asked = (): [event: string, payload: unknown][] => [
  ['joinChat', chatId], ['sendMessage', { chatId, message: { text: 'x', clientMessageId: randomUUID() } }], ['typing', { chatId, isTyping: true }],
  ['readMessages', { chatId, messageIds: [randomUUID()] }], ['getActiveUsers', chatId], ['leaveChat', chatId],
];
const paths = (): [method: string, path: string, body?: string][] => [
  ['GET', '/chats'], ['POST', '/chats', '{}'], ['GET', `/chats/${chatId}`], ['PATCH', `/chats/${chatId}`, '{"adminId":1}'], ['GET', `/chats/${chatId}/messages`], ['GET', `/files/${randomUUID()}`],
];

async function byHttp([method, path, body]: [string, string, string?]): Promise<unknown> {
  const response = await fetch(`${system.url}/api/v1${path}`, { method, body, headers: { authorization: `Bearer ${system.token(owner)}`, 'content-type': 'application/json' } });
  return response.json();
}

/** Asks everything, and returns the codes of those that failed, by what was asked. */
async function askEverything(): Promise<Record<string, string>> {
  const answers = await Promise.all([
    ...asked().map(async ([event, payload]) => [event, await client.ask(event as 'joinChat', payload)] as const),
    ...paths().map(async (path) => [path.slice(0, 2).join(' ').replace(chatId, ':chatId').replace(/[0-9a-f-]{36}/, ':fileId'), await byHttp(path)] as const),
  ]);
  return Object.fromEntries(answers.flatMap(([what, answer]) => (isRecord(answer) && 'code' in answer ? [[what, expectSafe(answer)]] : [])));
}

const log = (): Record<string, unknown>[] => readFileSync(system.log, 'utf8').split('\n').flatMap((line): Record<string, unknown>[] => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []));

describe('a send that fails in its transaction, after its COMMIT, or once the room was told', () => {
  it('is answered without a word of why; the log has it, under the reference; a repeat is stored once', async () => {
    let failures = 0;
    for (let n = 1; n <= 8; n++) {
      const send = () => client.ask('sendMessage', { chatId, message: { text: `${n}`, clientMessageId: `${n}` } });
      for (let reply = await send(); reply.event === 'error'; reply = await send()) {
        failures += 1;
        expect(expectSafe(reply)).toBe('INTERNAL');
        await waitFor(() => log().some((line) => line['trace_id'] === reply.traceId && JSON.stringify(line['err']).includes('failpoint')), { what: 'the reference in the log' });
      }
    }
    expect(failures).toBe(3);
    const messages = await byHttp(['GET', `/chats/${chatId}/messages`]) as { messages: { text: string }[] };
    expect(messages.messages.map(({ text }) => text)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
  });
});

describe('what stands still', () => {
  /** A process and its children: each connection to Postgres is served by one of its own. */
  async function family(name: string): Promise<number[]> {
    const { pid = 0 } = (await system.processes()).find((one) => one.name === name) ?? {};
    return [pid, ...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter((child) => child !== '').map(Number)];
  }

  it.each(['postgres', 'nats', 'chat-service', 'message-service', 'presence-service'])('%s: everybody who needs it is told to try again, and no more than that', async (name) => {
    const pids = await family(name);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const failures = await askEverything().finally(() => { for (const pid of pids) process.kill(pid, 'SIGCONT'); });
    expect(Object.keys(failures).length).toBeGreaterThan(0);
    for (const [what, code] of Object.entries(failures)) {
      if (isErrorCode(code) && ERRORS[code].retryable) continue;
      // Asked of whoever was not missing, about what is not there, or not theirs to do.
      expect([what, code]).toEqual([expect.stringMatching(/^(readMessages|GET \/files|PATCH)/), expect.stringMatching(/NOT_FOUND$|FORBIDDEN/)]);
    }
    await waitFor(async () => (await fetch(`${system.url}/readyz`)).ok && (await client.ask('getActiveUsers', chatId)).event === 'activeUsers', { what: 'the system to be itself again', timeoutMs: 20_000 });
  });
});

describe('what nobody foresaw', () => {
  it.each([
    ['chat-service', ['GET /chats', 'POST /chats', 'GET /chats/:chatId', 'PATCH /chats/:chatId']],
    ['presence-service', ['typing', 'getActiveUsers', 'leaveChat']],
    ['message-service', ['joinChat', 'sendMessage', 'readMessages', 'GET /chats/:chatId/messages', 'GET /files/:fileId']],
  ])('in %s is INTERNAL, and nothing of it is told', async (name, expected) => {
    await system.kill(name, 'SIGUSR2');
    await waitFor(async () => {
      const failures = await askEverything();
      return expected.every((what) => failures[what] === 'INTERNAL');
    }, { what: 'all of them to fail', everyMs: 200 });
    await system.kill(name);
    await waitFor(async () => (await fetch(`${system.url}/readyz`)).ok, { what: `${name} to be back`, timeoutMs: 20_000 });
  });

  it('in the gateway itself is INTERNAL or UNAVAILABLE, and an admin is told as little', async () => {
    const admin = await clients.connect(agent);
    await system.kill('gateway', 'SIGUSR2');
    await waitFor(async () => (await client.ask('getActiveUsers', chatId)).code === 'INTERNAL', { what: 'the failure' });
    expect(expectSafe(await admin.ask('getActiveUsers', chatId))).toBe('INTERNAL');
    const failures = await askEverything();
    for (const [event] of asked()) expect([event, failures[event]]).toEqual([event, 'INTERNAL']);
    for (const what of ['GET /chats', 'POST /chats', 'GET /chats/:chatId']) expect([what, failures[what]]).toEqual([what, 'UNAVAILABLE']);
  });

  it('ends no process that was not killed', () => {
    expect(log().filter(({ msg, level }) => level === 60 || msg === 'ended by an error that nobody caught')).toEqual([]);
  });
});
