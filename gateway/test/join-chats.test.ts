import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { messageContracts, PayloadOf } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { waitFor } from '@switchboard/infra/test';
import type { Client, Reply } from './client.ts';
import { aMessage, owner, upTo } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';
import type { StubChat, Stubs } from './stubs.ts';

type Join = PayloadOf<typeof messageContracts.joinChat>;
interface Result {
  readonly chatId: string;
  readonly messages?: { seq: number }[];
  readonly error?: { code: string; retryable: boolean; details?: unknown };
}

let gateway: TestGateway;
let stubs: Stubs;
let normal: Pick<Stubs, 'joinChat'>;
beforeAll(async () => {
  gateway = await startGateway();
  ({ stubs } = gateway);
  normal = { joinChat: stubs.joinChat };
});
afterEach(() => {
  Object.assign(stubs, normal);
});
afterAll(() => gateway.stop());

const newChats = (count: number, from = stubs): StubChat[] => upTo(count).map(() => from.newChat());
const named = (chats: readonly StubChat[]) => ({ chats: chats.map(({ id }) => ({ chatId: id })) });
const resultsOf = ({ data }: Reply): Result[] => (data as { chats: Result[] }).chats;
const codesOf = (reply: Reply) => resultsOf(reply).map(({ error }) => error?.code ?? 'joined');
const join = (client: Client, chats: readonly StubChat[]) => client.request('joinChats', named(chats));

/** Replaces the owner's reply; `snapshot` is the usual one. */
function onJoin(
  reply: (payload: Join, snapshot: () => ReturnType<Stubs['joinChat']>) => ReturnType<Stubs['joinChat']>,
) {
  stubs.joinChat = (payload, context) => reply(payload, () => normal.joinChat.call(stubs, payload, context));
}

/** Waits until the client has received what was published to the chat so far. */
async function settled(chat: StubChat, client: Client): Promise<void> {
  chat.publishMessages();
  await waitFor(
    () => client.payloads('newMessage').some((message) => isOf(message, chat, chat.messages.length)),
    { what: 'the last message' },
  );
}
const isOf = (message: unknown, chat: StubChat, seq: number): boolean => {
  const { chatId, seq: actual } = message as { chatId: string; seq: number };
  return chatId === chat.id && actual === seq;
};
const seqsOf = (client: Client, chat: StubChat): number[] =>
  client
    .payloads('newMessage')
    .map((message) => message as { chatId: string; seq: number })
    .flatMap(({ chatId, seq }) => (chatId === chat.id ? [seq] : []));

describe('joinChats', () => {
  it('returns a result for each chat, in order, and joins those without an error', async () => {
    const [first, second] = [stubs.newChat(), stubs.newChat()];
    first.publishMessages(3);
    const missing = randomUUID();
    const client = await gateway.connect();
    const reply = await client.request('joinChats', {
      chats: [
        { chatId: first.id },
        { chatId: missing },
        { chatId: 'No Id' },
        { chatId: second.id.toUpperCase(), after: 0 },
      ],
    });
    const error = { code: 'CHAT_NOT_FOUND', retryable: false };
    expect(reply).toMatchObject({ event: 'joinedChats', traceId: expect.any(String) });
    expect(resultsOf(reply)).toEqual([
      { chatId: first.id, status: 'ACTIVE', messages: first.messages },
      { chatId: missing, error },
      { chatId: 'no id', error },
      { chatId: second.id, status: 'ACTIVE', messages: [] },
    ]);
    for (const chat of [first, second]) await settled(chat, client);
    expect([seqsOf(client, first), seqsOf(client, second)]).toEqual([[4], [1]]);
  });

  it('asks the owner for ten messages of each chat, or as many as it names', async () => {
    const joins: Join[] = [];
    onJoin((payload, snapshot) => {
      joins.push(payload);
      return snapshot();
    });
    const [chat] = newChats(1);
    const client = await gateway.connect();
    const chats = [{ chatId: chat?.id, after: 7 }];
    await client.request('joinChats', { chats });
    await client.request('joinChats', { chats, limit: 3 });
    expect(joins).toEqual([
      { chatId: chat?.id, after: 7, limit: 10 },
      { chatId: chat?.id, after: 7, limit: 3 },
    ]);
  });

  it('delivers nothing of a chat before the reply, and then everything once', async () => {
    const chats = newChats(10);
    for (const chat of chats) chat.publishMessages(2);
    onJoin(async ({ chatId }, snapshot) => {
      const joined = await snapshot();
      // Of all chats, joined already or not.
      for (const chat of chats) chat.publishMessages();
      await stubs.message.flush();
      if (chatId === chats.at(-1)?.id) await sleep(50);
      return joined;
    });
    const client = await gateway.connect();
    client.socket.emit('joinChats', named(chats));
    await client.receives('joinedChats');
    expect(client.received[0]?.event).toBe('joinedChats');
    const [data] = client.payloads('joinedChats');
    for (const [index, chat] of chats.entries()) {
      await settled(chat, client);
      const held = resultsOf({ event: '', data })[index]?.messages?.map(({ seq }) => seq) ?? [];
      expect([...held, ...seqsOf(client, chat)]).toEqual(upTo(chat.messages.length));
    }
  });

  it('delivers once when the socket joins a chat again before the reply to the batch', async () => {
    const [slow, twice] = [stubs.newChat(), stubs.newChat()];
    twice.publishMessages(2);
    const gate = Promise.withResolvers<undefined>();
    const snapshots: string[] = [];
    onJoin(async ({ chatId }, snapshot) => {
      const joined = await snapshot();
      snapshots.push(chatId);
      if (chatId === slow.id) await gate.promise;
      return joined;
    });
    const [client, witness] = [await gateway.connect(), await gateway.connect()];
    await witness.join(twice.id);
    const batch = join(client, [twice, slow]);
    await waitFor(() => snapshots.includes(slow.id), { what: 'both snapshots' });
    // Waits for the reply to the batch, and is in the next snapshot.
    await settled(twice, witness);
    const again = await client.join(twice.id);
    expect(again).toMatchObject({ event: 'joinedChat', data: { messages: [{}, {}, { seq: 3 }] } });
    twice.publishMessages(2);
    await waitFor(() => seqsOf(client, twice).length === 2, { what: 'live events of the second join' });
    gate.resolve(undefined);
    expect(codesOf(await batch)).toEqual(['joined', 'joined']);
    for (const chat of [twice, slow]) await settled(chat, client);
    expect(seqsOf(client, twice)).toEqual([4, 5, 6]);
  });

  it('keeps the order of events about a chat: a chat that is left behind it stays left', async () => {
    const chats = newChats(12);
    const last = chats.at(-1);
    if (last === undefined) throw new Error('no chats');
    const client = await gateway.connect();
    const batch = join(client, chats);
    const left = client.request('leaveChat', last.id);
    expect(codesOf(await batch)).toEqual(chats.map(() => 'joined'));
    expect(await left).toMatchObject({ event: 'leftChat', data: last.id });
    const calls = stubs.presenceCalls.filter(({ chatId }) => chatId === last.id).map(({ what }) => what);
    expect(calls).toEqual(['enter', 'left']);
    last.publishMessages();
    const [first] = chats;
    if (first !== undefined) await settled(first, client);
    expect(seqsOf(client, last)).toEqual([]);
  });

  it('joins half as many chats at a time as events may be in flight, and delays no other event', async () => {
    let atWork = 0;
    let most = 0;
    onJoin(async (_payload, snapshot) => {
      most = Math.max(most, ++atWork);
      await sleep(10);
      atWork -= 1;
      return snapshot();
    });
    const client = await gateway.connect();
    const chats = newChats(60);
    const order: string[] = [];
    const batch = join(client, chats).then((reply) => {
      order.push('batch');
      return reply;
    });
    const other = stubs.newChat();
    await client.request('sendMessage', { chatId: other.id, message: { text: 'x' } });
    order.push('send');
    expect(codesOf(await batch)).toEqual(chats.map(() => 'joined'));
    expect(most).toBe(4);
    expect(order).toEqual(['send', 'batch']);
  });

  it('fails chats by themselves; one that was joined before stays so after a retryable error', async () => {
    const [before, fresh] = [stubs.newChat(), stubs.newChat()];
    const client = await gateway.connect();
    await join(client, [before]);
    onJoin(() => Promise.reject(new Failure('RATE_LIMITED', { retryAfterMs: 40 })));
    const error = { code: 'RATE_LIMITED', retryable: true, details: { retryAfterMs: 40 } };
    expect(resultsOf(await join(client, [before, fresh]))).toEqual([
      { chatId: before.id, error },
      { chatId: fresh.id, error },
    ]);
    fresh.publishMessages();
    await settled(before, client);
    expect([seqsOf(client, before), seqsOf(client, fresh)]).toEqual([[1], []]);
  });

  it('hides an unexpected error of one chat', async () => {
    const [bad, good] = [stubs.newChat(), stubs.newChat()];
    onJoin(({ chatId }, snapshot) =>
      chatId === bad.id ? Promise.reject(new Error('password=secret')) : snapshot(),
    );
    const reply = await join(await gateway.connect(), [bad, good]);
    expect(codesOf(reply)).toEqual(['INTERNAL', 'joined']);
    expect(JSON.stringify(reply)).not.toContain('secret');
  });

  it('begins no further chat once the reply is full, and says that these may be sent again', async () => {
    const chats = newChats(40);
    const text = 'x'.repeat(8_000);
    onJoin(async ({ chatId }, snapshot) => ({
      ...(await snapshot()),
      messages: upTo(10).map((seq) => ({ ...aMessage(chatId, seq), text })),
    }));
    const client = await gateway.connect();
    const reply = await join(client, chats);
    const joined = codesOf(reply).filter((code) => code === 'joined').length;
    expect(joined).toBeGreaterThanOrEqual(1024 / 80);
    // Those that were in work when it became full.
    expect(joined).toBeLessThanOrEqual(14 + 3);
    expect(JSON.stringify(reply).length).toBeLessThan(1.5 * 1024 * 1024);
    const rest = resultsOf(reply).filter(({ error }) => error !== undefined);
    expect(rest.every(({ error }) => error?.code === 'BUSY' && error.retryable)).toBe(true);
    const ids = new Set(rest.map(({ chatId }) => chatId));
    const again = await join(
      client,
      chats.filter(({ id }) => ids.has(id)),
    );
    expect(codesOf(again).filter((code) => code === 'joined').length).toBeGreaterThan(10);
  });

  it.each<[string, unknown]>([
    ['no chats', { chats: [] }],
    ['more than 200', { chats: upTo(201).map(() => ({ chatId: randomUUID() })) }],
    ['a chat twice', { chats: [{ chatId: 'A' }, { chatId: 'a' }] }],
    ['a limit above 50', { chats: [{ chatId: randomUUID() }], limit: 51 }],
    ['a limit of 0', { chats: [{ chatId: randomUUID() }], limit: 0 }],
    ['a cursor', { chats: [{ chatId: randomUUID(), cursor: 'x' }] }],
    ['a bare id', randomUUID()],
    ['bare ids', { chats: [randomUUID()] }],
    ['a list', [{ chatId: randomUUID() }]],
    ['a long id', { chats: [{ chatId: 'x'.repeat(201) }] }],
    ['no id', { chats: [{ after: 1 }] }],
    ['a point of another type', { chats: [{ chatId: randomUUID(), after: {} }] }],
  ])('refuses %s as a whole', async (_, payload) => {
    expect(await (await gateway.connect()).request('joinChats', payload)).toMatchObject({
      event: 'error',
      code: 'VALIDATION',
    });
  });

  it('takes null in optional fields as absent', async () => {
    const [chat] = newChats(1);
    const reply = await (
      await gateway.connect()
    ).request('joinChats', { chats: [{ chatId: chat?.id, after: null }], limit: null });
    expect(codesOf(reply)).toEqual(['joined']);
  });
});

describe('the cost of joinChats', () => {
  let limited: TestGateway;
  afterEach(() => limited.stop());
  const start = async (eventsPerSecond: number) => {
    limited = await startGateway({ RATE_LIMIT_EVENTS: String(eventsPerSecond) });
  };
  const ask = (client: Client, count: number, chatId: string) =>
    Promise.all(upTo(count).map(() => client.request('getActiveUsers', chatId)));

  it('is a fifth of an event per chat: 150 chats leave 70 of a burst of 100', async () => {
    await start(25);
    const client = await limited.connect();
    const chats = newChats(150, limited.stubs);
    const since = performance.now();
    expect(codesOf(await join(client, chats))).toEqual(chats.map(() => 'joined'));
    const replies = await ask(client, 100, chats[0]?.id ?? '');
    const accepted = replies.filter(({ code }) => code !== 'RATE_LIMITED').length;
    expect(accepted).toBeGreaterThanOrEqual(70);
    // And what flows in meanwhile.
    expect(accepted).toBeLessThanOrEqual(70 + ((performance.now() - since) / 1_000) * 25);
  });

  it('may be on credit: a batch is admitted by one token, and later events wait', async () => {
    await start(1);
    const client = await limited.connect();
    const chats = newChats(100, limited.stubs);
    expect(codesOf(await join(client, chats))).toEqual(chats.map(() => 'joined'));
    const refused = await client.request('getActiveUsers', chats[0]?.id);
    expect(refused).toMatchObject({ code: 'RATE_LIMITED' });
    const { retryAfterMs } = refused.details as { retryAfterMs: number };
    // 20 tokens, of which the burst had 4.
    expect(retryAfterMs).toBeGreaterThan(10_000);
    expect(retryAfterMs).toBeLessThanOrEqual(17_000);
    expect(await limited.connect({ ...owner, id: 77 }).then((other) => join(other, chats))).toMatchObject({
      event: 'joinedChats',
    });
  });
});
