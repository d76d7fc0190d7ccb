import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, waitFor, type TestSystem, type TokenSubject } from '../testing/index.ts';
import { aClient, anAdmin, Clients, openChat, TestClient } from './client.ts';
import { HttpUser } from './http-client.ts';

// Every event and every route, asked by everybody; and what a stranger could learn from a refusal.

let system: TestSystem;
let clients: Clients;
beforeAll(async () => {
  system = await startSystem({ replicas: 'gateway=2' });
  clients = new Clients(system);
}, 90_000);
afterAll(async () => {
  clients.closeAll();
  await system.stop();
}, 60_000);

const owner = aClient();
const stranger = aClient();
const assigned = anAdmin();
const otherAdmin = anAdmin();
const machine = { name: 'crm', role: 'service' } as const;

interface Subject {
  chatId: string;
  messageId: string;
  fileId: string;
}
type Asker = TokenSubject | typeof machine | undefined;

/** An active chat of the owner's with a message and a file in it. */
async function aChat(): Promise<Subject> {
  const chatId = await openChat(system, owner);
  await new HttpUser(system, assigned).patch(chatId, { status: 'ACTIVE', adminId: assigned.id });
  const file = await new HttpUser(system, owner).uploadFile('bytes', 'a.txt', 'text/plain');
  const client = await clients.connect(owner);
  const { data } = await client.ask('sendMessage', { chatId, message: { text: 'hello', fileId: file.id } });
  // As much to read as a page can be: who could make the service read it would know that it is there.
  await Promise.all(Array.from({ length: 50 }, () => client.ask('sendMessage', { chatId, message: { text: '語'.repeat(4_000) } })));
  return { chatId, messageId: data.id, fileId: file.id };
}

const nowhere = (): Subject => ({ chatId: randomUUID(), messageId: randomUUID(), fileId: randomUUID() });

const events: Record<string, (subject: Subject) => unknown> = {
  joinChat: ({ chatId }) => chatId,
  leaveChat: ({ chatId }) => chatId,
  sendMessage: ({ chatId }) => ({ chatId, message: { text: 'hi' } }),
  typing: ({ chatId }) => ({ chatId, isTyping: true }),
  readMessages: ({ chatId, messageId }) => ({ chatId, messageIds: [messageId] }),
  getActiveUsers: ({ chatId }) => chatId,
};

const routes: Record<string, (subject: Subject) => [method: string, path: string, body?: unknown]> = {
  'GET /chats/:chatId': ({ chatId }) => ['GET', `/chats/${chatId}`],
  'PATCH /chats/:chatId': ({ chatId }) => ['PATCH', `/chats/${chatId}`, { adminId: assigned.id }],
  'GET /chats/:chatId/messages': ({ chatId }) => ['GET', `/chats/${chatId}/messages`],
  'GET /files/:fileId': ({ fileId }) => ['GET', `/files/${fileId}`],
  'GET /chats': () => ['GET', '/chats'],
  'POST /chats': () => ['POST', '/chats', { clientId: owner.id }],
  'POST /files': () => ['POST', '/files', {}],
  'POST /admin/revocations': () => ['POST', '/admin/revocations', { userId: 999_999_999 }],
};

async function byHttp(asker: Asker, [method, path, body]: [string, string, unknown?]): Promise<unknown> {
  const response = await fetch(`${system.url}/api/v1${path}`, {
    method,
    headers: { ...(asker === undefined ? {} : { authorization: `Bearer ${system.token(asker)}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (response.ok) return 'ok';
  const { code } = JSON.parse(text) as { code: string };
  return code;
}

describe('who may', () => {
  const everybody = { owner, stranger, assigned, otherAdmin, machine, 'no one': undefined };
  const members = { owner: 'ok', stranger: 'CHAT_NOT_FOUND', assigned: 'ok', otherAdmin: 'ok', machine: 'FORBIDDEN', 'no one': 'UNAUTHORIZED' };

  it.each(Object.keys(events))('%s', async (event) => {
    const subject = await aChat();
    for (const [who, asker] of Object.entries({ owner, stranger, assigned, otherAdmin })) {
      const client = await clients.connect(asker, 1);
      const { code = 'ok' } = await client.ask(event as 'joinChat', events[event]?.(subject));
      expect([who, code]).toEqual([who, members[who as keyof typeof members]]);
    }
    for (const asker of [machine, undefined]) {
      const client = new TestClient(system.url, asker === undefined ? {} : { token: system.token(asker) }, { autoConnect: false });
      const refusal = new Promise<string>((resolve) => { client.socket.on('connect_error', ({ message }) => { resolve(message); }); });
      client.socket.connect();
      expect(await refusal).toBe('A valid token is needed.');
      client.close();
    }
  });

  const expected: Record<string, Record<keyof typeof members, string>> = {
    'GET /chats/:chatId': members,
    'PATCH /chats/:chatId': { ...members, owner: 'FORBIDDEN' },
    'GET /chats/:chatId/messages': members,
    'GET /files/:fileId': { ...members, stranger: 'FILE_NOT_FOUND' },
    'GET /chats': { ...members, stranger: 'ok' },
    'POST /chats': { ...members, stranger: 'FORBIDDEN' },
    // Not a form: but that is said to those only who may send one.
    'POST /files': { ...members, owner: 'VALIDATION', stranger: 'VALIDATION', assigned: 'VALIDATION', otherAdmin: 'VALIDATION' },
    'POST /admin/revocations': { owner: 'FORBIDDEN', stranger: 'FORBIDDEN', assigned: 'FORBIDDEN', otherAdmin: 'FORBIDDEN', machine: 'ok', 'no one': 'UNAUTHORIZED' },
  };

  it.each(Object.keys(routes))('%s', async (route) => {
    const subject = await aChat();
    const outcomes: Record<string, unknown> = {};
    for (const [who, asker] of Object.entries(everybody)) outcomes[who] = await byHttp(asker, routes[route]?.(subject) ?? ['', '']);
    expect(outcomes).toEqual(expected[route]);
  });
});

describe('a stranger cannot tell what is not theirs from what is not there', () => {
  const PAIRS = 100;

  /** How likely a time of the one is shorter than one of the other: 0.5 where they say nothing. Mann and Whitney, 1947. */
  function shorter(ones: readonly number[], others: readonly number[]): number {
    const wins = ones.reduce((sum, one) => sum + others.filter((other) => one < other).length + others.filter((other) => one === other).length / 2, 0);
    return wins / (ones.length * others.length);
  }

  type Ask = (subject: Subject) => Promise<unknown>;

  async function measure(ask: Ask, subjects: readonly [Subject, Subject]): Promise<{ likelihood: number; answers: string[] }> {
    const times: [number[], number[]] = [[], []];
    const answers = new Set<string>();
    for (let pair = -10; pair < PAIRS; pair++) {
      // Whichever comes first has what the other left behind.
      for (const which of pair % 2 === 0 ? [0, 1] as const : [1, 0] as const) {
        const began = performance.now();
        const answer = await ask(subjects[which]);
        if (pair >= 0) times[which].push(performance.now() - began);
        answers.add(JSON.stringify(answer));
      }
    }
    return { likelihood: shorter(...times), answers: [...answers] };
  }

  /** A busy machine may favour one of them once; a way that is longer is longer every time. */
  async function compare(ask: Ask): Promise<void> {
    const subjects = [await aChat(), nowhere()] as const;
    const likelihoods: number[] = [];
    do {
      const { likelihood, answers } = await measure(ask, subjects);
      expect(answers).toHaveLength(1);
      likelihoods.push(likelihood);
    } while (likelihoods.length < 3 && !isEven(likelihoods.at(-1) ?? 0));
    expect(likelihoods.some(isEven) ? 'even' : likelihoods).toBe('even');
  }

  const isEven = (likelihood: number): boolean => Math.abs(likelihood - 0.5) < 0.17;

  it.each(Object.keys(events))('by the words of %s, and by its time', async (event) => {
    const client = await clients.connect(stranger);
    await compare(async (subject) => ({ ...await client.ask(event as 'joinChat', events[event]?.(subject)), traceId: '' }));
  });

  it.each(['GET /chats/:chatId', 'PATCH /chats/:chatId', 'GET /chats/:chatId/messages', 'GET /files/:fileId'])('by the words of %s, and by its time', async (route) => {
    await compare((subject) => byHttp(stranger, routes[route]?.(subject) ?? ['', '']));
  });
});

describe('a revocation', () => {
  const revoke = (body: unknown) => byHttp(machine, ['POST', '/admin/revocations', body]);
  const isGone = (client: TestClient) => waitFor(() => !client.socket.connected, { what: 'the connection to end' });

  it('holds on every gateway within a second, and after they and presence-service were started anew', async () => {
    const user = aClient();
    const token = system.token(user);
    const connectWith = (gateway: number) => new TestClient(system.urls[gateway] ?? '', { token });
    const sockets = [await connectWith(0).connected(), await connectWith(1).connected()];
    const other = await clients.connect(aClient(), 1);
    expect(await revoke({ userId: user.id })).toBe('ok');
    const answeredAt = performance.now();
    await Promise.all(sockets.map(isGone));
    expect(performance.now() - answeredAt).toBeLessThan(1_000);
    expect(other.socket.connected).toBe(true);

    for (const { name } of await system.processes()) if (/^(gateway|presence)/.test(name)) await system.kill(name);
    for (const gateway of [0, 1]) {
      await waitFor(async () => (await fetch(`${system.urls[gateway] ?? ''}/readyz`).catch(() => undefined))?.ok === true, { what: 'the gateway to be back', timeoutMs: 20_000 });
      const refusals: string[] = [];
      const client = connectWith(gateway);
      client.socket.on('connect_error', ({ message }) => { refusals.push(message); });
      await waitFor(() => refusals.length > 0 || client.socket.connected, { what: 'an answer' });
      expect(refusals).toEqual(['A valid token is needed.']);
      client.close();
    }
  });
});
