import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { SocketData } from '@switchboard/shared/contracts';
import { startSystem, WITHOUT_WEBHOOKS, type TestSystem } from '../helpers/index.ts';
import { aClient, anAdmin, Clients, openChat, type TestClient } from './client.ts';

// Many chats joined at once, with the default rate limits.

const CHATS = 150;

let system: TestSystem;
let clients: Clients;
let chatIds: string[];
const agent = anAdmin();

beforeAll(async () => {
  system = await startSystem({ only: WITHOUT_WEBHOOKS, env: { RATE_LIMIT_EVENTS: '' } });
  clients = new Clients(system);
  chatIds = [];
  for (let n = 0; n < CHATS; n++) chatIds.push(await openChat(system, aClient()));
}, 120_000);
afterEach(() => {
  clients.closeAll();
});
afterAll(() => system.stop(), 60_000);

type Result = SocketData<'joinChats'>['chats'][number];
type Joined = Exclude<Result, { error: unknown }>;
const isJoined = (result: Result): result is Joined => !('error' in result);

/** Joins all, sending those again that a busy machine did not get to. */
async function joinAll(
  client: TestClient,
  after?: number,
): Promise<{ joined: Joined[]; codes: Set<string> }> {
  const joined: Joined[] = [];
  const codes = new Set<string>();
  for (let rest = chatIds, rounds = 0; rest.length > 0 && rounds < 10; rounds++) {
    const { data } = await client.request('joinChats', {
      chats: rest.map((chatId) => ({ chatId, after })),
    });
    expect(data.chats.map(({ chatId }) => chatId)).toEqual(rest);
    joined.push(...data.chats.filter(isJoined));
    for (const result of data.chats) if (!isJoined(result)) codes.add(result.error.code);
    rest = data.chats.filter((result) => !isJoined(result)).map(({ chatId }) => chatId);
    if (rest.length > 0) await sleep(500);
  }
  return { joined, codes };
}

it('an agent with 150 chats comes back without a rate limit, and catches up in all of them', async () => {
  const first = await clients.connect(agent);
  expect(first.payloads('newMessage')).toEqual([]);
  const before = await joinAll(first);
  expect(before.codes).not.toContain('RATE_LIMITED');
  expect(before.joined).toHaveLength(CHATS);
  expect(
    before.joined.every(({ messages, recovered }) => messages.length === 0 && recovered === undefined),
  ).toBe(true);
  first.close();

  const other = await clients.connect(anAdmin());
  const [busy = '', quiet = ''] = chatIds;
  for (let n = 1; n <= 12; n++)
    await other.request('sendMessage', { chatId: busy, message: { text: String(n) } });
  const back = await clients.connect(agent);
  const again = await joinAll(back, 0);
  expect(again.codes).not.toContain('RATE_LIMITED');
  expect(again.joined).toHaveLength(CHATS);
  expect(again.joined.every(({ recovered }) => recovered === true)).toBe(true);
  const page = again.joined.find(({ chatId }) => chatId === busy);
  expect([page?.messages.length, page?.hasMore]).toEqual([10, true]);
  const next = await back.request('joinChat', { chatId: busy, cursor: page?.cursor });
  expect(next.data).toMatchObject({ messages: [{ text: '11' }, { text: '12' }], hasMore: false });

  for (const chatId of [busy, quiet]) {
    await other.request('sendMessage', { chatId, message: { text: 'live' } });
    expect(await back.receives('newMessage', (message) => message.chatId === chatId)).toMatchObject({
      text: 'live',
    });
  }
}, 60_000);

it('a client joins their own chats only', async () => {
  const owner = aClient();
  const own = await openChat(system, owner);
  const client = await clients.connect(owner);
  const { data } = await client.request('joinChats', {
    chats: [{ chatId: chatIds[0] }, { chatId: own }, { chatId: chatIds[1] }],
  });
  const error = { code: 'CHAT_NOT_FOUND', retryable: false };
  expect(data.chats).toEqual([
    { chatId: chatIds[0], error },
    { chatId: own, status: 'PENDING', messages: [], readMarks: [] },
    { chatId: chatIds[1], error },
  ]);
});
