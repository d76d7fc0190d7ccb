import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Bus } from '@switchboard/shared/bus';
import { chatContracts, presenceContracts, type Actor, type ChatFacts, type RoomOwner } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { createDatabase, silent, startNats, waitFor, type TestDatabase, type TestNats } from '@switchboard/infra/testing';
import { randomUUID } from 'node:crypto';
import { createPresenceService } from '../src/app.ts';
import { databaseOptions } from '../src/store/database.ts';

// presence-service whole, on real NATS and Postgres. chat-service is a stand-in that keeps to the contract.

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
    { NATS_URL: nats.url('presence-service'), LOG_LEVEL: 'silent', INTERNAL_HOST: '127.0.0.1', INTERNAL_PORT: 0, PRESENCE_DATABASE_URL: database.url('presence_service') },
    silent,
  );
  stopService = () => service.stop();
  await waitFor(async () => (await fetch(`${service.url}/readyz`)).ok, { what: 'presence-service to be ready' });
}

beforeAll(async () => {
  [nats, database] = await Promise.all([startNats(), createDatabase()]);
  await migrate(createDataSource(databaseOptions(database.url('presence_migrator'))), 'presence');
  chatService = await Bus.connect({ url: nats.url('chat-service'), user: 'chat-service', logger: silent });
  const { lookUpChat, readChanges } = chatContracts;
  chatService.serve({ lookUpChat, readChanges }, {
    lookUpChat: ({ chatId }) => {
      lookUps += 1;
      return Promise.resolve({ chat: chats.get(chatId) });
    },
    readChanges: () => Promise.resolve({ chats: [], hasMore: false }),
  });
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

interface Told { owner: RoomOwner; event: string; author: number | undefined; payload: unknown }

let chatId: string;
let told: Told[];
let stopFollowing: () => void;
const [gatewayOne, gatewayTwo]: [string, string] = [randomUUID(), randomUUID()];

beforeEach(async () => {
  chatId = randomUUID();
  chats.set(chatId, { id: chatId, clientId: client.id, status: 'PENDING', version: 1 });
  told = [];
  const room = gateway.followRoom(chatId, (owner, { meta, payload }) => { told.push({ owner, event: meta.event, author: meta.author, payload: JSON.parse(payload) }); });
  await room.untilHeard();
  stopFollowing = () => { room.stop(); };
});
afterEach(() => { stopFollowing(); });

let turn = 0;
const through = (actor: Actor, id: string, gatewayId: string = gatewayOne) => ({ actor, socket: { id, gatewayId } });
const enter = (actor: Actor, id: string, gatewayId = gatewayOne) => gateway.request(enterChat, { chatId, turn: ++turn }, through(actor, id, gatewayId));
const leave = (actor: Actor, id: string, how: 'left' | 'dropped') => gateway.request(leaveChat, { chatId, how, turn: ++turn }, through(actor, id));
const active = async (actor = admin): Promise<number[]> => (await gateway.request(listActiveUsers, { chatId }, { actor })).userIds;

/** The comings and goings heard so far. What the service published before it answered comes before the answer. */
const comingsAndGoings = async (): Promise<unknown[]> => {
  await active();
  return told.filter(({ event }) => event === 'participantUpdate').map(({ payload }) => payload);
};
const update = (userId: number, action: 'joined' | 'left') => ({ chatId, userId, action, timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) });
const codeOf = (request: Promise<unknown>): Promise<unknown> => request.then(() => 'done', (error: unknown) => (error instanceof Failure ? error.code : error));

describe('entering and leaving', () => {
  it('tells the room of a user\'s first socket and of the last, across gateways', async () => {
    await enter(client, 'a', gatewayOne);
    await enter(client, 'b', gatewayTwo);
    await enter(client, 'b', gatewayTwo);
    await enter(admin, 'c', gatewayTwo);
    expect(await comingsAndGoings()).toEqual([update(7, 'joined'), update(8, 'joined')]);
    expect(await active()).toEqual([7, 8]);

    await leave(client, 'a', 'left');
    expect(await active()).toEqual([7, 8]);
    await leave(client, 'b', 'left');
    await leave(client, 'b', 'left');
    expect(await comingsAndGoings()).toEqual([update(7, 'joined'), update(8, 'joined'), update(7, 'left')]);
    expect(await active()).toEqual([8]);
    expect(told.map(({ owner }) => owner)).toEqual(told.map(() => 'presence'));
  });

  it('of many sockets at once tells `joined` once', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => enter(client, `s${n}`, n % 2 ? gatewayOne : gatewayTwo)));
    expect(await comingsAndGoings()).toEqual([update(7, 'joined')]);
  });

  it('by a dropped transport ends the user\'s typing, unless another tab is there', async () => {
    await enter(client, 'a');
    await enter(client, 'b');
    await gateway.request(setTyping, { chatId, isTyping: true }, through(client, 'a'));
    const typing = () => told.filter(({ event }) => event === 'userTyping').map(({ payload }) => payload);
    await leave(client, 'b', 'dropped');
    await active();
    expect(typing()).toEqual([{ chatId, userId: 7, email: client.email, isTyping: true }]);
    await leave(client, 'a', 'dropped');
    await active();
    expect(typing().slice(1)).toEqual([{ chatId, userId: 7, email: client.email, isTyping: false }]);
  });

  it('is asked without a turn by whoever has not entered, and changes nothing', async () => {
    await enter(client, 'a');
    expect(await gateway.request(leaveChat, { chatId, how: 'left' }, through(client, 'a'))).toBe(chatId);
    expect(await codeOf(gateway.request(leaveChat, { chatId, how: 'left' }, through(stranger, 'a')))).toBe('CHAT_NOT_FOUND');
    expect(await active()).toEqual([7]);
  });

  it('needs a socket', async () => {
    expect(await codeOf(gateway.request(enterChat, { chatId, turn: 1 }, { actor: client }))).toBe('VALIDATION');
    expect(await codeOf(gateway.request(leaveChat, { chatId, how: 'left' }, { actor: client }))).toBe('VALIDATION');
  });
});

describe('a dropped transport', () => {
  it('is told as `left`, once, three seconds later; a reload within them is silent', async () => {
    await enter(client, 'a');
    await enter(admin, 'b');
    const began = performance.now();
    await leave(client, 'a', 'dropped');
    await leave(admin, 'b', 'dropped');
    await enter(admin, 'b-again', gatewayTwo);
    expect(await active()).toEqual([7, 8]);

    await waitFor(async () => (await active()).length === 1, { what: 'the user to be gone', timeoutMs: 6_000, everyMs: 50 });
    expect(performance.now() - began).toBeGreaterThan(2_900);
    await waitFor(() => told.some(({ payload }) => JSON.stringify(payload).includes('"left"')), { what: '`left`' });
    expect(await comingsAndGoings()).toEqual([update(7, 'joined'), update(8, 'joined'), update(7, 'left')]);
    expect(await active()).toEqual([8]);
  });
});

describe('access', () => {
  it.each([
    ['entering', () => enter(stranger, 'a')],
    ['leaving', () => leave(stranger, 'a', 'left')],
    ['typing', () => gateway.request(setTyping, { chatId, isTyping: true }, { actor: stranger })],
    ['asking who is active', () => active(stranger)],
  ])('is needed for %s, and whose chat it is stays unsaid', async (_, ask) => {
    const outcomes = [await codeOf(ask())];
    for (const unknown of [randomUUID(), 'no id']) {
      chatId = unknown;
      outcomes.push(await codeOf(ask()));
    }
    expect(outcomes).toEqual(['CHAT_NOT_FOUND', 'CHAT_NOT_FOUND', 'CHAT_NOT_FOUND']);
    expect(told).toEqual([]);
  });

  it('is judged by this service\'s own rows: a known chat goes on while chat-service is asked nothing', async () => {
    await enter(client, 'a');
    const before = lookUps;
    await enter(client, 'b');
    expect(await active(client)).toEqual([7]);
    expect(lookUps).toBe(before);
  });

  it('is looked up for a stranger, whether the chat is there or not: the way is the same', async () => {
    await enter(client, 'a');
    for (const id of [chatId, randomUUID()]) {
      const before = lookUps;
      chatId = id;
      expect(await codeOf(active(stranger))).toBe('CHAT_NOT_FOUND');
      expect(lookUps).toBe(before + 1);
    }
  });

  it('does not take a joined socket to type', async () => {
    expect(await gateway.request(setTyping, { chatId, isTyping: true }, { actor: admin })).toEqual({ chatId, isTyping: true });
    await waitFor(() => told.length > 0, { what: 'the typing' });
    expect(told).toEqual([{ owner: 'presence', event: 'userTyping', author: 8, payload: { chatId, userId: 8, email: admin.email, isTyping: true } }]);
  });
});

describe('a restart of presence-service', () => {
  it('expires nobody early and forgets nobody', async () => {
    await enter(client, 'a');
    await stopService();
    await startService();
    // A dropped socket is taken out by the sweep: when it is gone, the service has swept, and could have expired leases too.
    await enter(admin, 'b', gatewayTwo);
    await database.query(`UPDATE presence.joined_socket SET dropped_at = now() - interval '1 minute' WHERE chat_id = $1 AND socket_id = 'b'`, [chatId]);
    await waitFor(async () => !(await active()).includes(8), { what: 'a sweep' });
    expect(await active()).toEqual([7]);
    expect(await comingsAndGoings()).not.toContainEqual(update(7, 'left'));
    expect(await gateway.request(renewLease, { gatewayId: gatewayOne })).toEqual({ leaseId: expect.any(String) });
  });
});

it('a ping is answered while the service can serve', async () => {
  expect(await gateway.request(ping, {})).toEqual({ ready: true });
});

describe('revoking', () => {
  const { revoke, readRevocations } = presenceContracts;

  it('is for machines: the owner asks for one itself, whatever the edge let through', async () => {
    for (const asking of [{}, { actor: client }, { actor: admin }]) expect(await codeOf(gateway.request(revoke, { userId: 7 }, asking))).toBe('UNAUTHORIZED');
    expect(await codeOf(gateway.request(revoke, {}, { machine: 'crm' }))).toBe('VALIDATION');
    expect(await codeOf(gateway.request(revoke, { userId: 7, jti: 'a' }, { machine: 'crm' }))).toBe('VALIDATION');
    const revoked = await gateway.request(revoke, { userId: 7 }, { machine: 'crm' });
    const { revocations, hasMore } = await gateway.request(readRevocations, { after: 0, limit: 1 });
    expect(revocations).toEqual([{ ...revoked, position: 1 }]);
    expect(hasMore).toBe(true);
    expect(await gateway.request(readRevocations, { after: 1, limit: 1 })).toEqual({ revocations: [], hasMore: false });
  });
});
