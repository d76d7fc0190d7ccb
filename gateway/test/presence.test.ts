import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { LEASE_RENEWAL_MS } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { waitFor } from '@switchboard/infra/test';
import { owner } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';
import type { StubChat, Stubs } from './stubs.ts';

let gateway: TestGateway;
let stubs: Stubs;
let normal: Pick<Stubs, 'enterChat' | 'leaveChat' | 'joinChat'>;
beforeAll(async () => {
  // Only intervals: leases are renewed when a test says so.
  jest.useFakeTimers({
    doNotFake: [
      'Date',
      'setTimeout',
      'clearTimeout',
      'setImmediate',
      'clearImmediate',
      'nextTick',
      'queueMicrotask',
      'performance',
      'hrtime',
    ],
  });
  gateway = await startGateway();
  ({ stubs } = gateway);
  const { enterChat, leaveChat, joinChat } = stubs;
  normal = { enterChat, leaveChat, joinChat };
});
afterEach(() => {
  Object.assign(stubs, normal);
});
afterAll(async () => {
  await gateway.stop();
  jest.useRealTimers();
});

const unavailable = () => Promise.reject(new Failure('UNAVAILABLE'));
/** What presence-service received about a chat. */
const callsOf = (chat: StubChat): string[] =>
  stubs.presenceCalls.filter(({ chatId }) => chatId === chat.id).map(({ what }) => what);
const untilTold = (chat: StubChat, ...what: string[]) =>
  waitFor(() => callsOf(chat).length >= what.length, {
    what: `${what.join()}; received ${callsOf(chat).join()}`,
  }).then(() => {
    expect(callsOf(chat)).toEqual(what);
  });

async function renew(): Promise<void> {
  const before = stubs.leases;
  // The next renewal is scheduled only after the reply to the one before.
  await waitFor(
    () => {
      if (stubs.leases === before) jest.advanceTimersByTime(LEASE_RENEWAL_MS);
      return stubs.leases > before;
    },
    { what: 'a lease' },
  );
}

it('registers each joined socket with its user', async () => {
  const chat = stubs.newChat();
  const client = await gateway.connect();
  await client.join(chat.id);
  expect(stubs.presenceCalls.at(-1)).toEqual({
    what: 'enter',
    socket: client.socket.id,
    user: owner.id,
    chatId: chat.id,
  });
  await client.request('leaveChat', chat.id);
  expect(stubs.presenceCalls.at(-1)).toEqual({
    what: 'left',
    socket: client.socket.id,
    user: owner.id,
    chatId: chat.id,
  });
});

it("distinguishes a client's own disconnect from a dropped transport", async () => {
  const [own, dropped] = [stubs.newChat(), stubs.newChat()];
  const [one, two] = [await gateway.connect(), await gateway.connect()];
  await one.join(own.id);
  await two.join(dropped.id);
  one.close();
  two.socket.io.engine.close();
  await untilTold(own, 'enter', 'left');
  await untilTold(dropped, 'enter', 'dropped');
});

it('removes a socket from all its chats', async () => {
  const chats = [stubs.newChat(), stubs.newChat(), stubs.newChat()];
  const client = await gateway.connect();
  for (const chat of chats) await client.join(chat.id);
  client.close();
  for (const chat of chats) await untilTold(chat, 'enter', 'left');
});

it('lets presence-service decide about leaving a chat that was not joined', async () => {
  const chat = stubs.newChat();
  const client = await gateway.connect();
  stubs.leaveChat = () => Promise.reject(new Failure('CHAT_NOT_FOUND'));
  expect(await client.request('leaveChat', chat.id)).toMatchObject({ code: 'CHAT_NOT_FOUND' });
});

it('renews the lease without registering known sockets again', async () => {
  const chat = stubs.newChat();
  await (await gateway.connect()).join(chat.id);
  await renew();
  await renew();
  expect(callsOf(chat)).toEqual(['enter']);
});

it('registers all sockets again under a new lease', async () => {
  const chat = stubs.newChat();
  const [one, two] = [await gateway.connect(), await gateway.connect()];
  await one.join(chat.id);
  await two.join(chat.id);
  stubs.leaseId = randomUUID();
  await renew();
  await untilTold(chat, 'enter', 'enter', 'enter', 'enter');
  await renew();
  expect(callsOf(chat)).toHaveLength(4);
  const sockets = stubs.presenceCalls.filter(({ chatId }) => chatId === chat.id).map(({ socket }) => socket);
  expect(new Set(sockets.slice(2))).toEqual(new Set([one.socket.id, two.socket.id]));
});

it('joins a chat while presence-service is away, and registers the socket later', async () => {
  const chat = stubs.newChat();
  const client = await gateway.connect();
  stubs.enterChat = unavailable;
  expect(await client.join(chat.id)).toMatchObject({ event: 'joinedChat' });
  chat.publishMessages();
  await client.receives('newMessage');
  stubs.enterChat = normal.enterChat;
  await renew();
  await untilTold(chat, 'enter', 'enter');
  await renew();
  expect(callsOf(chat)).toEqual(['enter', 'enter']);
});

it('reports a departure later when reporting failed', async () => {
  const chat = stubs.newChat();
  const client = await gateway.connect();
  await client.join(chat.id);
  stubs.leaveChat = unavailable;
  client.close();
  await untilTold(chat, 'enter', 'left');
  stubs.leaveChat = normal.leaveChat;
  await renew();
  await untilTold(chat, 'enter', 'left', 'left');
  await renew();
  expect(callsOf(chat)).toEqual(['enter', 'left', 'left']);
});

it('retries departures and registrations that failed for a passing reason', async () => {
  const chat = stubs.newChat();
  const client = await gateway.connect();
  stubs.enterChat = () => Promise.reject(new Failure('INTERNAL'));
  expect(await client.join(chat.id)).toMatchObject({ event: 'joinedChat' });
  stubs.enterChat = normal.enterChat;
  await renew();
  await untilTold(chat, 'enter', 'enter');
  stubs.leaveChat = () => Promise.reject(new Failure('INTERNAL'));
  client.close();
  await untilTold(chat, 'enter', 'enter', 'left');
  stubs.leaveChat = normal.leaveChat;
  await renew();
  await untilTold(chat, 'enter', 'enter', 'left', 'left');
});

it('drops an unconfirmed departure when the socket joins again', async () => {
  const chat = stubs.newChat();
  const client = await gateway.connect();
  await client.join(chat.id);
  stubs.leaveChat = unavailable;
  expect(await client.request('leaveChat', chat.id)).toMatchObject({ code: 'UNAVAILABLE' });
  stubs.leaveChat = normal.leaveChat;
  await client.join(chat.id);
  await renew();
  await renew();
  expect(callsOf(chat)).toEqual(['enter', 'left', 'enter']);
});

it('refuses a join that presence-service refuses, and reports no departure for it', async () => {
  const chat = stubs.newChat();
  const client = await gateway.connect();
  stubs.enterChat = () => Promise.reject(new Failure('CHAT_NOT_FOUND'));
  expect(await client.join(chat.id)).toMatchObject({ code: 'CHAT_NOT_FOUND' });
  client.close();
  await renew();
  await renew();
  expect(callsOf(chat)).toEqual(['enter']);
});

it('numbers its reports, so that a departure beats the registration it overtakes', async () => {
  const chat = stubs.newChat();
  const client = await gateway.connect();
  const gate = Promise.withResolvers<undefined>();
  const turns: (number | undefined)[] = [];
  stubs.enterChat = async ({ turn }) => {
    turns.push(turn);
    await gate.promise;
    return { leaseId: stubs.leaseId };
  };
  stubs.leaveChat = ({ chatId, turn }) => {
    turns.push(turn);
    return Promise.resolve(chatId);
  };
  client.socket.emit('joinChat', chat.id);
  await untilTold(chat, 'enter');
  client.close();
  await untilTold(chat, 'enter', 'left');
  gate.resolve(undefined);
  await renew();
  expect(callsOf(chat)).toEqual(['enter', 'left']);
  expect(turns).toEqual([expect.any(Number), (turns[0] ?? 0) + 1]);
});

it('retries a failed renewal soon', async () => {
  const { renewLease } = stubs;
  let failures = 0;
  stubs.renewLease = () => {
    failures += 1;
    return unavailable();
  };
  // Tick by tick: the renewal of the test before may still be under way, and then a tick passes unused.
  await waitFor(
    () => {
      if (failures === 0) jest.advanceTimersByTime(500);
      return failures === 1;
    },
    { what: 'a failed renewal' },
  );
  await waitFor(
    () => {
      jest.advanceTimersByTime(500);
      return failures > 2;
    },
    { what: 'two more' },
  );
  stubs.renewLease = renewLease;
  await waitFor(
    () => {
      jest.advanceTimersByTime(500);
      return true;
    },
    { what: 'a tick' },
  );
});
