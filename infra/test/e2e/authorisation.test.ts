import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { edgeRequests, requestContracts } from '@switchboard/shared/contracts';
import { z } from 'zod';
import { startSystem, waitFor, type TestSystem, type TokenSubject } from '../helpers/index.ts';
import { aClient, anAdmin, Clients, openChat, TestClient } from './client.ts';
import { HttpUser } from './http-client.ts';

// Every event and route, requested by every kind of user, and what a stranger can learn from a refusal.

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

/** An active chat of the owner with a message and a file. */
async function aChat(): Promise<Subject> {
  const chatId = await openChat(system, owner);
  await new HttpUser(system, assigned).patch(chatId, { status: 'ACTIVE', adminId: assigned.id });
  const file = await new HttpUser(system, owner).uploadFile('bytes', 'a.txt', 'text/plain');
  const client = await clients.connect(owner);
  const { data } = await client.request('sendMessage', {
    chatId,
    message: { text: 'hello', fileId: file.id },
  });
  // A full page, so that a service that reads it takes measurably longer.
  await Promise.all(
    Array.from({ length: 50 }, () =>
      client.request('sendMessage', { chatId, message: { text: '語'.repeat(4_000) } }),
    ),
  );
  return { chatId, messageId: data.id, fileId: file.id };
}

const nowhere = (): Subject => ({ chatId: randomUUID(), messageId: randomUUID(), fileId: randomUUID() });

const events: Record<string, (subject: Subject) => unknown> = {
  joinChat: ({ chatId }) => chatId,
  joinChats: ({ chatId }) => ({ chats: [{ chatId }] }),
  leaveChat: ({ chatId }) => chatId,
  sendMessage: ({ chatId }) => ({ chatId, message: { text: 'hi' } }),
  typing: ({ chatId }) => ({ chatId, isTyping: true }),
  readMessages: ({ chatId, messageId }) => ({ chatId, messageIds: [messageId] }),
  readUpTo: ({ chatId }) => ({ chatId, seq: 1 }),
  react: ({ chatId, messageId }) => ({ chatId, messageId, emoji: '👍', on: true }),
  // Of the owner's message: admins delete any.
  editMessage: ({ chatId, messageId }) => ({ chatId, messageId, text: 'hello', version: 1 }),
  deleteMessage: ({ chatId, messageId }) => ({ chatId, messageId }),
  getActiveUsers: ({ chatId }) => chatId,
};

/** The outcome of an event for its chat, without what differs between two chats: ids, and the trace. */
async function outcomeOf(client: TestClient, event: string, subject: Subject): Promise<unknown> {
  const reply = await client.request(event as 'joinChat', events[event]?.(subject));
  const batch = Batch.safeParse(reply.data).data;
  return batch === undefined ? { ...reply, traceId: '' } : { event: reply.event, ...batch.chats[0].error };
}
const Batch = z.object({
  chats: z.tuple([z.object({ error: z.record(z.string(), z.unknown()).optional() })]),
});
const codeOf = (outcome: unknown): string => z.object({ code: z.string().default('ok') }).parse(outcome).code;

const routes: Record<string, (subject: Subject) => [method: string, path: string, body?: unknown]> = {
  'GET /chats/:chatId': ({ chatId }) => ['GET', `/chats/${chatId}`],
  'PATCH /chats/:chatId': ({ chatId }) => ['PATCH', `/chats/${chatId}`, { adminId: assigned.id }],
  'GET /chats/:chatId/messages': ({ chatId }) => ['GET', `/chats/${chatId}/messages`],
  'POST /chats/:chatId/messages': ({ chatId }) => ['POST', `/chats/${chatId}/messages`, { text: 'hi' }],
  'POST /chats/:chatId/read': ({ chatId }) => ['POST', `/chats/${chatId}/read`, { seq: 1 }],
  'POST /chats/:chatId/reads': ({ chatId, messageId }) => [
    'POST',
    `/chats/${chatId}/reads`,
    { messageIds: [messageId] },
  ],
  'POST /chats/:chatId/messages/:messageId/reactions': ({ chatId, messageId }) => [
    'POST',
    `/chats/${chatId}/messages/${messageId}/reactions`,
    { emoji: '👍', on: true },
  ],
  'PATCH /chats/:chatId/messages/:messageId': ({ chatId, messageId }) => [
    'PATCH',
    `/chats/${chatId}/messages/${messageId}`,
    { text: 'hello', version: 1 },
  ],
  'DELETE /chats/:chatId/messages/:messageId': ({ chatId, messageId }) => [
    'DELETE',
    `/chats/${chatId}/messages/${messageId}`,
  ],
  'GET /chats/:chatId/timeline': ({ chatId }) => ['GET', `/chats/${chatId}/timeline`],
  'GET /files/:fileId': ({ fileId }) => ['GET', `/files/${fileId}`],
  'GET /chats': () => ['GET', '/chats'],
  'GET /limits': () => ['GET', '/limits'],
  'POST /chats': () => ['POST', '/chats', { clientId: owner.id }],
  'POST /files': () => ['POST', '/files', {}],
  'POST /admin/users': () => ['POST', '/admin/users', { subject: 'auth0|65f2' }],
  'POST /admin/revocations': () => ['POST', '/admin/revocations', { userId: 999_999_999 }],
};

async function byHttp(asker: Asker, [method, path, body]: [string, string, unknown?]): Promise<unknown> {
  const response = await fetch(`${system.url}/api/v1${path}`, {
    method,
    headers: {
      ...(asker === undefined ? {} : { authorization: `Bearer ${system.token(asker)}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (response.ok) return 'ok';
  const { code } = JSON.parse(text) as { code: string };
  return code;
}

describe('the matrix', () => {
  /** About the socket itself, not about a chat. */
  const OF_THE_SOCKET = ['refreshToken'];
  /** `webhooks.test.ts` has them. */
  const ELSEWHERE = /^\w+ \/admin\/webhooks/;

  it('has every event about chats and every route of the contracts', () => {
    const contracts = [...requestContracts, ...edgeRequests];
    const offered = contracts.flatMap(({ socket }) => socket?.event ?? []);
    expect(Object.keys(events).sort()).toEqual(
      offered.filter((event) => !OF_THE_SOCKET.includes(event)).sort(),
    );
    const paths = contracts.flatMap(({ http }) =>
      http === undefined ? [] : `${http.method.toUpperCase()} ${http.path}`,
    );
    expect(Object.keys(routes)).toEqual(
      expect.arrayContaining(paths.filter((path) => !ELSEWHERE.test(path))),
    );
  });
});

describe('access by role', () => {
  const everybody = { owner, stranger, assigned, otherAdmin, machine, 'no one': undefined };
  const members = {
    owner: 'ok',
    stranger: 'CHAT_NOT_FOUND',
    assigned: 'ok',
    otherAdmin: 'ok',
    machine: 'FORBIDDEN',
    'no one': 'UNAUTHORIZED',
  };
  /** Only its author edits a message. */
  const notTheirs = { assigned: 'FORBIDDEN', otherAdmin: 'FORBIDDEN' };

  it.each(Object.keys(events))('%s', async (event) => {
    const subject = await aChat();
    for (const [who, asker] of Object.entries({ owner, stranger, assigned, otherAdmin })) {
      const client = await clients.connect(asker, 1);
      const code = codeOf(await outcomeOf(client, event, subject));
      const allowed = event === 'editMessage' ? { ...members, ...notTheirs } : members;
      expect([who, code]).toEqual([who, allowed[who as keyof typeof members]]);
    }
    for (const asker of [machine, undefined]) {
      const client = new TestClient(system.url, asker === undefined ? {} : { token: system.token(asker) }, {
        autoConnect: false,
      });
      const refusal = new Promise<string>((resolve) => {
        client.socket.on('connect_error', ({ message }) => {
          resolve(message);
        });
      });
      client.socket.connect();
      expect(await refusal).toBe('A valid token is needed.');
      client.close();
    }
  });

  const machineOnly = {
    owner: 'FORBIDDEN',
    stranger: 'FORBIDDEN',
    assigned: 'FORBIDDEN',
    otherAdmin: 'FORBIDDEN',
    machine: 'ok',
    'no one': 'UNAUTHORIZED',
  };

  const expected: Record<string, Record<keyof typeof members, string>> = {
    'GET /chats/:chatId': members,
    'PATCH /chats/:chatId': { ...members, owner: 'FORBIDDEN' },
    'GET /chats/:chatId/messages': members,
    'POST /chats/:chatId/messages': members,
    'POST /chats/:chatId/read': members,
    'POST /chats/:chatId/reads': members,
    'POST /chats/:chatId/messages/:messageId/reactions': members,
    'PATCH /chats/:chatId/messages/:messageId': { ...members, ...notTheirs },
    'DELETE /chats/:chatId/messages/:messageId': members,
    'GET /chats/:chatId/timeline': members,
    'GET /files/:fileId': { ...members, stranger: 'FILE_NOT_FOUND' },
    'GET /chats': { ...members, stranger: 'ok' },
    'GET /limits': { ...members, stranger: 'ok' },
    'POST /chats': { ...members, stranger: 'FORBIDDEN' },
    // Not a form: only users with access learn that.
    'POST /files': {
      ...members,
      owner: 'UNSUPPORTED_MEDIA_TYPE',
      stranger: 'UNSUPPORTED_MEDIA_TYPE',
      assigned: 'UNSUPPORTED_MEDIA_TYPE',
      otherAdmin: 'UNSUPPORTED_MEDIA_TYPE',
    },
    'POST /admin/users': machineOnly,
    'POST /admin/revocations': machineOnly,
  };

  it.each(Object.keys(routes))('%s', async (route) => {
    const subject = await aChat();
    const outcomes: Record<string, unknown> = {};
    for (const [who, asker] of Object.entries(everybody))
      outcomes[who] = await byHttp(asker, routes[route]?.(subject) ?? ['', '']);
    expect(outcomes).toEqual(expected[route]);
  });
});

describe('a stranger cannot distinguish a foreign resource from a missing one', () => {
  const PAIRS = 100;

  /** Mann-Whitney: the probability that one time is shorter than the other; 0.5 means no information. */
  function shorter(ones: readonly number[], others: readonly number[]): number {
    const wins = ones.reduce(
      (sum, one) =>
        sum +
        others.filter((other) => one < other).length +
        others.filter((other) => one === other).length / 2,
      0,
    );
    return wins / (ones.length * others.length);
  }

  type RequestAbout = (subject: Subject) => Promise<unknown>;

  async function measure(
    request: RequestAbout,
    subjects: readonly [Subject, Subject],
  ): Promise<{ likelihood: number; replies: string[] }> {
    const times: [number[], number[]] = [[], []];
    const replies = new Set<string>();
    for (let pair = -10; pair < PAIRS; pair++) {
      // Alternates the order: the second request may find caches that the first one filled.
      for (const which of pair % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        const began = performance.now();
        const reply = await request(subjects[which]);
        if (pair >= 0) times[which].push(performance.now() - began);
        replies.add(JSON.stringify(reply));
      }
    }
    return { likelihood: shorter(...times), replies: [...replies] };
  }

  /** Measures several times: noise favours one side once, a real difference every time. */
  async function compare(request: RequestAbout): Promise<void> {
    const subjects = [await aChat(), nowhere()] as const;
    const likelihoods: number[] = [];
    do {
      const { likelihood, replies } = await measure(request, subjects);
      expect(replies).toHaveLength(1);
      likelihoods.push(likelihood);
    } while (likelihoods.length < 3 && !isEven(likelihoods.at(-1) ?? 0));
    expect(likelihoods.some(isEven) ? 'even' : likelihoods).toBe('even');
  }

  const isEven = (likelihood: number): boolean => Math.abs(likelihood - 0.5) < 0.17;

  it.each(Object.keys(events))('by the reply to %s or by its time', async (event) => {
    const client = await clients.connect(stranger);
    await compare((subject) => outcomeOf(client, event, subject));
  });

  it.each([
    'GET /chats/:chatId',
    'PATCH /chats/:chatId',
    'GET /chats/:chatId/messages',
    'GET /chats/:chatId/timeline',
    'GET /files/:fileId',
  ])('by the reply to %s or by its time', async (route) => {
    await compare((subject) => byHttp(stranger, routes[route]?.(subject) ?? ['', '']));
  });
});

describe('a revocation', () => {
  const revoke = (body: unknown) => byHttp(machine, ['POST', '/admin/revocations', body]);
  const isGone = (client: TestClient) =>
    waitFor(() => !client.socket.connected, { what: 'the connection to end' });

  it('holds on every gateway within a second, also after the gateways and presence-service restart', async () => {
    const user = aClient();
    const token = system.token(user);
    const connectWith = (gateway: number) => new TestClient(system.urls[gateway] ?? '', { token });
    const sockets = [await connectWith(0).connected(), await connectWith(1).connected()];
    const other = await clients.connect(aClient(), 1);
    expect(await revoke({ userId: user.id })).toBe('ok');
    const repliedAt = performance.now();
    await Promise.all(sockets.map(isGone));
    expect(performance.now() - repliedAt).toBeLessThan(1_000);
    expect(other.socket.connected).toBe(true);

    for (const { name } of await system.processes())
      if (/^(gateway|presence)/.test(name)) await system.kill(name);
    for (const gateway of [0, 1]) {
      await waitFor(
        async () => (await fetch(`${system.urls[gateway] ?? ''}/readyz`).catch(() => undefined))?.ok === true,
        { what: 'the gateway to be back', timeoutMs: 20_000 },
      );
      const refusals: string[] = [];
      const client = connectWith(gateway);
      client.socket.on('connect_error', ({ message }) => {
        refusals.push(message);
      });
      await waitFor(() => refusals.length > 0 || client.socket.connected, { what: 'a reply' });
      expect(refusals).toEqual(['A valid token is needed.']);
      client.close();
    }
  });
});
