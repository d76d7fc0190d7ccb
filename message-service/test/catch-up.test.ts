import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { messageContracts, type Message } from '@switchboard/shared/contracts';
import { aChat, admin, owner, stranger, upTo } from './given.ts';
import { refusal, startMessageService, type TestMessageService } from './service.ts';

let service: TestMessageService;
beforeAll(async () => {
  service = await startMessageService();
});
afterAll(() => service.stop());

const { joinChat, readMessages } = messageContracts;
const addChat = () => service.database.addChat(aChat());
const sendAll = (chatId: string, count: number): Promise<Message[]> =>
  Promise.all(upTo(count).map((n) => service.send(chatId, { text: `m${n}` })));
const join = (
  chatId: string,
  from: { after?: string | number; cursor?: string; limit?: number } = {},
  actor = owner,
) => service.gateway.request(joinChat, { chatId, ...from }, { actor });

it('returns the missed messages and reads, and none that the client already has', async () => {
  const chatId = await addChat();
  const sent = await sendAll(chatId, 5);
  const messageIds = [sent[0]!.id, sent[1]!.id];
  await service.gateway.request(readMessages, { chatId, messageIds }, { actor: admin });
  const back = await join(chatId, { after: sent[2]!.id });
  expect(back).toMatchObject({
    recovered: true,
    hasMore: false,
    revs: { message: 7 },
    reads: [{ chatId, userId: admin.id, messageIds }],
  });
  expect(back.messages).toEqual(sent.slice(3));
  expect(await join(chatId, { after: sent[4]!.id })).toMatchObject({
    recovered: true,
    messages: [],
    reads: [{}],
  });
});

it('returns pages as small as the request names, up to the end', async () => {
  const chatId = await addChat();
  await sendAll(chatId, 25);
  const sizes: number[] = [];
  let page = await join(chatId, { after: 2, limit: 10 });
  sizes.push(page.messages.length);
  while (page.cursor !== undefined) {
    page = await join(chatId, { cursor: page.cursor, limit: 10 });
    sizes.push(page.messages.length);
  }
  expect(sizes).toEqual([10, 10, 3]);
});

it('returns nothing when nothing was missed', async () => {
  const chatId = await addChat();
  const [last] = await sendAll(chatId, 1);
  expect(await join(chatId, { after: last!.id })).toMatchObject({
    recovered: true,
    hasMore: false,
    messages: [],
    reads: [],
    revs: { message: 1 },
  });
});

it('returns pages up to the head at the first page, while new messages arrive', async () => {
  const chatId = await addChat();
  const [first] = await sendAll(chatId, 1);
  await sendAll(chatId, 1_100);
  const pages: Message[][] = [];
  let page = await join(chatId, { after: first!.id });
  const { revs } = page;
  pages.push(page.messages);
  for (; page.hasMore === true; pages.push(page.messages)) {
    await sendAll(chatId, 2);
    page = await join(chatId, { cursor: page.cursor });
    expect(page).toMatchObject({ recovered: true, revs });
  }
  expect(pages.map((messages) => messages.length)).toEqual([500, 500, 100]);
  expect(pages.flat().map(({ seq }) => seq)).toEqual(upTo(1_101).slice(1));
});

it('returns the last 50 and `recovered: false` when the point is not in the chat', async () => {
  const chatId = await addChat();
  await sendAll(chatId, 60);
  const [elsewhere] = await sendAll(await addChat(), 1);
  for (const from of [
    { after: randomUUID() },
    { after: elsewhere!.id },
    { after: 'nonsense' },
    { after: '' },
    { cursor: 'nonsense' },
  ]) {
    const { recovered, messages } = await join(chatId, from);
    expect([recovered, messages.map(({ seq }) => seq)]).toEqual([false, upTo(60).slice(10)]);
  }
  expect((await join(chatId)).recovered).toBeUndefined();
});

it('is refused to a stranger from every point', async () => {
  const chatId = await addChat();
  const [first] = await sendAll(chatId, 1);
  await sendAll(chatId, 600);
  const { cursor } = await join(chatId, { after: first!.id });
  expect(cursor).toBeDefined();
  for (const from of [{}, { after: first!.id }, { after: randomUUID() }, { cursor }])
    expect(await refusal(join(chatId, from, stranger))).toBe('CHAT_NOT_FOUND');
});
