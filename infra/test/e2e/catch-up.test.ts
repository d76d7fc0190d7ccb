import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, type TestSystem } from '../helpers/index.ts';
import { aClient, anAdmin, Clients, http, openChat } from './client.ts';

// Catch-up after an outage: joinChat with `after`.

let system: TestSystem;
let clients: Clients;
beforeAll(async () => {
  system = await startSystem({ replicas: 'gateway=2,message-service=2' });
  clients = new Clients(system);
}, 90_000);
afterEach(() => {
  clients.closeAll();
});
afterAll(() => system.stop(), 60_000);

describe('joinChat with after', () => {
  it('returns all entries since that message, also reads and status changes, and continues live', async () => {
    const owner = aClient();
    const agent = anAdmin();
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const admin = await clients.connect(agent, 1);
    const sent: string[] = [];
    for (const text of ['a', 'b', 'c'])
      sent.push((await client.request('sendMessage', { chatId, message: { text } })).data.id);
    await http(system, agent, 'PATCH', `/chats/${chatId}`, { status: 'ACTIVE', adminId: agent.id });
    await admin.request('readMessages', { chatId, messageIds: sent });

    const { event, data } = await client.request('joinChat', { chatId, after: sent[0] });

    expect(event).toBe('joinedChat');
    expect(data).toMatchObject({ chatId, status: 'ACTIVE', recovered: true, hasMore: false });
    expect(data.messages.map((message) => message.text)).toEqual(['b', 'c']);
    expect(data.reads).toEqual([{ chatId, userId: agent.id, messageIds: sent }]);
    expect(data.statusChanges).toMatchObject([{ chatId, status: 'ACTIVE', adminId: agent.id, afterSeq: 3 }]);
    expect(Object.keys(data)).not.toContain('revs');

    await admin.request('sendMessage', { chatId, message: { text: 'd' } });
    await client.receives('newMessage', (message) => message.text === 'd');
    expect(client.payloads('newMessage')).toHaveLength(1);
  });

  it('returns nothing when nothing was missed', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const {
      data: { id },
    } = await client.request('sendMessage', { chatId, message: { text: 'last' } });
    expect((await client.request('joinChat', { chatId, after: id })).data).toMatchObject({
      recovered: true,
      messages: [],
      reads: [],
      statusChanges: [],
      hasMore: false,
    });
  });

  it('returns pages of 500, with no gap to or overlap with the live messages', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const sender = await clients.connect(owner);
    const first = (await sender.request('sendMessage', { chatId, message: { text: '1' } })).data.id;
    for (let n = 2; n <= 1102; n += 100) {
      await Promise.all(
        Array.from({ length: Math.min(100, 1103 - n) }, (_, index) =>
          sender.request('sendMessage', { chatId, message: { text: `${n + index}` } }),
        ),
      );
    }
    const client = await clients.connect(owner, 1);
    const seen: number[] = [];
    let page = (await client.request('joinChat', { chatId, after: first })).data;
    await sender.request('sendMessage', { chatId, message: { text: '1103' } });
    expect(page.messages).toHaveLength(500);
    for (;;) {
      seen.push(...page.messages.map((message) => message.seq));
      if (page.hasMore !== true) break;
      page = (await client.request('joinChat', { chatId, cursor: page.cursor })).data;
      expect(page.recovered).toBe(true);
    }
    await client.receives('newMessage', (message) => message.text === '1103');
    expect(seen).toEqual(Array.from({ length: 1101 }, (_, index) => index + 2));
    expect(client.payloads('newMessage').map((message) => message.seq)).toEqual([1103]);
  });

  it.each(['018f0000-0000-7000-8000-000000000000', 'no id at all', ''])(
    'returns the latest 50 for an unknown message (%j)',
    async (after) => {
      const owner = aClient();
      const chatId = await openChat(system, owner);
      const client = await clients.connect(owner);
      await client.request('sendMessage', { chatId, message: { text: 'hello' } });
      expect((await client.request('joinChat', { chatId, after })).data).toMatchObject({
        recovered: false,
        messages: [{ text: 'hello' }],
      });
      expect((await client.request('joinChat', { chatId, cursor: 'bent' })).data).toMatchObject({
        recovered: false,
      });
    },
  );

  it('is refused to a stranger like every join', async () => {
    const chatId = await openChat(system, aClient());
    const stranger = await clients.connect(aClient());
    expect(await stranger.request('joinChat', { chatId, after: chatId })).toMatchObject({
      event: 'error',
      code: 'CHAT_NOT_FOUND',
    });
  });
});
