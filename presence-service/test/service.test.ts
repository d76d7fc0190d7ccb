import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Bus } from '@switchboard/shared/bus';
import {
  chatContracts,
  presenceContracts,
  type Actor,
  type ChatFacts,
  type RoomOwner,
} from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import {
  createDatabase,
  silent,
  startNats,
  waitFor,
  type TestDatabase,
  type TestNats,
} from '@switchboard/infra/test';
import { randomUUID } from 'node:crypto';
import { createPresenceService } from '../src/app.ts';
import { databaseOptions } from '../src/store/database.ts';

// The whole presence-service on real NATS and Postgres, with a stub of chat-service.

const { enterChat, leaveChat, listActiveUsers, setTyping, renewLease, ping } = presenceContracts;
const client: Actor = { id: 7, email: 'seven@x.y', role: 'client' };
const admin: Actor = { id: 8, email: 'eight@x.y', role: 'admin' };
const stranger: Actor = { id: 9, email: 'nine@x.y', role: 'client' };

let nats: TestNats;
let database: TestDatabase;
let chatService: Bus, gateway: Bus;
let stopService: () => Promise<void>;
const chats = new Map<string, ChatFacts>();
let lookUps = 0;

async function startService(): Promise<void> {
  const service = await createPresenceService(
    {
      NATS_URL: nats.url('presence-service'),
      LOG_LEVEL: 'silent',
      INTERNAL_HOST: '127.0.0.1',
      INTERNAL_PORT: 0,
      PRESENCE_DATABASE_URL: database.url('presence_service'),
    },
    silent,
  );
  stopService = () => service.stop();
  await waitFor(async () => (await fetch(`${service.url}/readyz`)).ok, {
    what: 'presence-service to be ready',
  });
}

beforeAll(async () => {
  [nats, database] = await Promise.all([startNats(), createDatabase()]);
  await migrate(createDataSource(databaseOptions(database.url('presence_migrator'))), 'presence');
  chatService = await Bus.connect({ url: nats.url('chat-service'), user: 'chat-service', logger: silent });
  const { lookUpChat, readChanges } = chatContracts;
  chatService.serve(
    { lookUpChat, readChanges },
    {
      lookUpChat: ({ chatId }) => {
        lookUps += 1;
        return Promise.resolve({ chat: chats.get(chatId) });
      },
      readChanges: () => Promise.resolve({ chats: [], hasMore: false }),
    },
  );
  await chatService.flush();
  gateway = await Bus.connect({ url: nats.url('gateway'), user: 'gateway', logger: silent });
  await startService();
});
afterAll(async () => {
  await stopService();
  await gateway.close();
  await chatService.close();
  await nats.stop();
  await database.drop();
});

interface Received {
  owner: RoomOwner;
  event: string;
  author: number | undefined;
  payload: unknown;
}

let chatId: string;
let received: Received[];
let stopFollowing: () => void;
const [gatewayOne, gatewayTwo]: [string, string] = [randomUUID(), randomUUID()];

beforeEach(async () => {
  chatId = randomUUID();
  chats.set(chatId, { id: chatId, clientId: client.id, status: 'PENDING', version: 1 });
  received = [];
  const room = gateway.followRoom(chatId, (owner, { meta, payload }) => {
    received.push({ owner, event: meta.event, author: meta.author, payload: JSON.parse(payload) });
  });
  await room.untilSubscribed();
  stopFollowing = () => {
    room.stop();
  };
});
afterEach(() => {
  stopFollowing();
});

let sequence = 0;
const through = (actor: Actor, id: string, gatewayId: string = gatewayOne) => ({
  actor,
  socket: { id, gatewayId },
});
const enter = (actor: Actor, id: string, gatewayId = gatewayOne) =>
  gateway.request(enterChat, { chatId, turn: ++sequence }, through(actor, id, gatewayId));
const leave = (actor: Actor, id: string, how: 'left' | 'dropped') =>
  gateway.request(leaveChat, { chatId, how, turn: ++sequence }, through(actor, id));
const active = async (actor = admin): Promise<number[]> =>
  (await gateway.request(listActiveUsers, { chatId }, { actor })).userIds;

/** The participant updates received so far. The service publishes them before it replies. */
const participantUpdates = async (): Promise<unknown[]> => {
  await active();
  return received.filter(({ event }) => event === 'participantUpdate').map(({ payload }) => payload);
};
const update = (userId: number, action: 'joined' | 'left') => ({
  chatId,
  userId,
  action,
  timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
});
const codeOf = (request: Promise<unknown>): Promise<unknown> =>
  request.then(
    () => 'done',
    (error: unknown) => (error instanceof Failure ? error.code : error),
  );

describe('entering and leaving', () => {
  it("publishes a user's first and last socket to the room, across gateways", async () => {
    await enter(client, 'a', gatewayOne);
    await enter(client, 'b', gatewayTwo);
    await enter(client, 'b', gatewayTwo);
    await enter(admin, 'c', gatewayTwo);
    expect(await participantUpdates()).toEqual([update(7, 'joined'), update(8, 'joined')]);
    expect(await active()).toEqual([7, 8]);

    await leave(client, 'a', 'left');
    expect(await active()).toEqual([7, 8]);
    await leave(client, 'b', 'left');
    await leave(client, 'b', 'left');
    expect(await participantUpdates()).toEqual([update(7, 'joined'), update(8, 'joined'), update(7, 'left')]);
    expect(await active()).toEqual([8]);
    expect(received.map(({ owner }) => owner)).toEqual(received.map(() => 'presence'));
  });

  it('publishes `joined` once when many sockets enter at the same time', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => enter(client, `s${n}`, n % 2 ? gatewayOne : gatewayTwo)),
    );
    expect(await participantUpdates()).toEqual([update(7, 'joined')]);
  });

  it("ends the user's typing when the transport drops, unless another tab is connected", async () => {
    await enter(client, 'a');
    await enter(client, 'b');
    await gateway.request(setTyping, { chatId, isTyping: true }, through(client, 'a'));
    const typing = () => received.filter(({ event }) => event === 'userTyping').map(({ payload }) => payload);
    await leave(client, 'b', 'dropped');
    await active();
    expect(typing()).toEqual([{ chatId, userId: 7, email: client.email, isTyping: true }]);
    await leave(client, 'a', 'dropped');
    await active();
    expect(typing().slice(1)).toEqual([{ chatId, userId: 7, email: client.email, isTyping: false }]);
  });

  it('changes nothing without a sequence number, which a socket that has not entered lacks', async () => {
    await enter(client, 'a');
    expect(await gateway.request(leaveChat, { chatId, how: 'left' }, through(client, 'a'))).toBe(chatId);
    expect(await codeOf(gateway.request(leaveChat, { chatId, how: 'left' }, through(stranger, 'a')))).toBe(
      'CHAT_NOT_FOUND',
    );
    expect(await active()).toEqual([7]);
  });

  it('fails with VALIDATION without a socket', async () => {
    expect(await codeOf(gateway.request(enterChat, { chatId, turn: 1 }, { actor: client }))).toBe(
      'VALIDATION',
    );
    expect(await codeOf(gateway.request(leaveChat, { chatId, how: 'left' }, { actor: client }))).toBe(
      'VALIDATION',
    );
  });
});

describe('a dropped transport', () => {
  it('publishes `left` once after three seconds, and nothing when the user reloads within them', async () => {
    await enter(client, 'a');
    await enter(admin, 'b');
    const began = performance.now();
    await leave(client, 'a', 'dropped');
    await leave(admin, 'b', 'dropped');
    await enter(admin, 'b-again', gatewayTwo);
    expect(await active()).toEqual([7, 8]);

    await waitFor(async () => (await active()).length === 1, {
      what: 'the user to become inactive',
      timeoutMs: 6_000,
      everyMs: 50,
    });
    expect(performance.now() - began).toBeGreaterThan(2_900);
    await waitFor(() => received.some(({ payload }) => JSON.stringify(payload).includes('"left"')), {
      what: '`left`',
    });
    expect(await participantUpdates()).toEqual([update(7, 'joined'), update(8, 'joined'), update(7, 'left')]);
    expect(await active()).toEqual([8]);
  });
});

describe('access', () => {
  it.each([
    ['entering', () => enter(stranger, 'a')],
    ['leaving', () => leave(stranger, 'a', 'left')],
    ['typing', () => gateway.request(setTyping, { chatId, isTyping: true }, { actor: stranger })],
    ['listing active users', () => active(stranger)],
  ])('is needed for %s, and the failure does not reveal whether the chat exists', async (_, request) => {
    const outcomes = [await codeOf(request())];
    for (const unknown of [randomUUID(), 'no id']) {
      chatId = unknown;
      outcomes.push(await codeOf(request()));
    }
    expect(outcomes).toEqual(['CHAT_NOT_FOUND', 'CHAT_NOT_FOUND', 'CHAT_NOT_FOUND']);
    expect(received).toEqual([]);
  });

  it('of a known chat is checked without a request to chat-service', async () => {
    await enter(client, 'a');
    const before = lookUps;
    await enter(client, 'b');
    expect(await active(client)).toEqual([7]);
    expect(lookUps).toBe(before);
  });

  it('causes one look-up for a stranger, whether the chat exists or not', async () => {
    await enter(client, 'a');
    for (const id of [chatId, randomUUID()]) {
      const before = lookUps;
      chatId = id;
      expect(await codeOf(active(stranger))).toBe('CHAT_NOT_FOUND');
      expect(lookUps).toBe(before + 1);
    }
  });

  it('allows typing without a joined socket', async () => {
    expect(await gateway.request(setTyping, { chatId, isTyping: true }, { actor: admin })).toEqual({
      chatId,
      isTyping: true,
    });
    await waitFor(() => received.length > 0, { what: 'the typing' });
    expect(received).toEqual([
      {
        owner: 'presence',
        event: 'userTyping',
        author: 8,
        payload: { chatId, userId: 8, email: admin.email, isTyping: true },
      },
    ]);
  });
});

describe('a restart of presence-service', () => {
  it('keeps every joined socket and expires none early', async () => {
    await enter(client, 'a');
    await stopService();
    await startService();
    // The sweeper removes a dropped socket: once it is removed, the sweeper has also looked at the leases.
    await enter(admin, 'b', gatewayTwo);
    await database.query(
      `UPDATE presence.joined_socket SET dropped_at = now() - interval '1 minute' WHERE chat_id = $1 AND socket_id = 'b'`,
      [chatId],
    );
    await waitFor(async () => !(await active()).includes(8), { what: 'a sweep' });
    expect(await active()).toEqual([7]);
    expect(await participantUpdates()).not.toContainEqual(update(7, 'left'));
    expect(await gateway.request(renewLease, { gatewayId: gatewayOne })).toEqual({
      leaseId: expect.any(String),
    });
  });
});

it('replies to a ping while the service can serve', async () => {
  expect(await gateway.request(ping, {})).toEqual({ ready: true });
});

describe('revoking', () => {
  const { revoke, readRevocations } = presenceContracts;

  it('fails with UNAUTHORIZED without a machine, even if the gateway let the request through', async () => {
    for (const identity of [{}, { actor: client }, { actor: admin }])
      expect(await codeOf(gateway.request(revoke, { userId: 7 }, identity))).toBe('UNAUTHORIZED');
    expect(await codeOf(gateway.request(revoke, {}, { machine: 'crm' }))).toBe('VALIDATION');
    expect(await codeOf(gateway.request(revoke, { userId: 7, jti: 'a' }, { machine: 'crm' }))).toBe(
      'VALIDATION',
    );
    const revoked = await gateway.request(revoke, { userId: 7 }, { machine: 'crm' });
    const { revocations, hasMore } = await gateway.request(readRevocations, { after: 0, limit: 1 });
    expect(revocations).toEqual([{ ...revoked, position: 1 }]);
    expect(hasMore).toBe(true);
    expect(await gateway.request(readRevocations, { after: 1, limit: 1 })).toEqual({
      revocations: [],
      hasMore: false,
    });
  });
});
