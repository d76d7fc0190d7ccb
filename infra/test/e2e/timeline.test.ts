import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, WITHOUT_WEBHOOKS, type TestSystem } from '../helpers/index.ts';
import { aClient, anAdmin, Clients, openChat, type TestClient } from './client.ts';
import { HttpUser } from './http-client.ts';

// Where the changes of a chat stand among its messages: live, in catch-up and after a reload.

let system: TestSystem;
let clients: Clients;
beforeAll(async () => {
  system = await startSystem({ replicas: 'gateway=2,chat-service=2', only: WITHOUT_WEBHOOKS });
  clients = new Clients(system);
}, 90_000);
afterEach(() => {
  clients.closeAll();
});
afterAll(() => system.stop(), 60_000);

const send = async (client: TestClient, chatId: string, text: string) =>
  (await client.request('sendMessage', { chatId, message: { text } })).data;

/** Messages and changes in the order in which a socket received them: `seq`, or the status. */
const receivedBy = (client: TestClient): (number | string)[] =>
  client.received.flatMap((one): (number | string)[] =>
    one.event === 'newMessage'
      ? [one.args[0].seq]
      : one.event === 'chatStatusChanged'
        ? [one.args[0].status]
        : [],
  );

describe('a change of the chat', () => {
  it('has its time, its author and its place: on sockets, in catch-up and in the timeline', async () => {
    const [owner, agent] = [aClient(), anAdmin()];
    const chatId = await openChat(system, owner);
    const [writer, member] = [await clients.connect(owner), await clients.connect(owner, 1)];
    await member.request('joinChat', chatId);
    const admin = new HttpUser(system, agent);
    const first = await send(writer, chatId, 'one');
    await admin.patch(chatId, { status: 'ACTIVE' });
    await send(writer, chatId, 'two');
    const closer = new HttpUser(system, owner);
    await closer.patch(chatId, { status: 'CLOSED' });
    await admin.patch(chatId, { status: 'PENDING' });
    await send(writer, chatId, 'three');
    await member.receives('newMessage', ({ seq }) => seq === 3);

    const at = expect.stringMatching(/^\d{4}-.*Z$/);
    const byAgent = { chatId, at, by: agent.id };
    const statusChanges = [
      { ...byAgent, status: 'ACTIVE', adminId: agent.id, afterSeq: 1 },
      { chatId, at, by: owner.id, status: 'CLOSED', adminId: agent.id, afterSeq: 2 },
      { ...byAgent, status: 'PENDING', afterSeq: 2 },
    ];
    const assignments = [{ ...byAgent, adminId: agent.id, afterSeq: 1 }];
    const live = member.payloads('chatStatusChanged');
    expect(live).toEqual(statusChanges);
    expect(member.payloads('chatAssigned')).toEqual(assignments);
    expect(receivedBy(member)).toEqual([1, 'ACTIVE', 2, 'CLOSED', 'PENDING', 3]);

    member.close();
    const back = await clients.connect(owner);
    const { data } = await back.request('joinChat', { chatId, after: 0 });
    expect(data.statusChanges).toEqual(live);
    expect(data.assignments).toEqual(member.payloads('chatAssigned'));

    const { items, nextCursor } = await closer.timeline(chatId);
    expect(nextCursor).toBeUndefined();
    expect(items).toEqual([
      { kind: 'message', message: first },
      { kind: 'statusChanged', ...live[0] },
      { kind: 'assigned', ...member.payloads('chatAssigned')[0] },
      { kind: 'message', message: expect.objectContaining({ seq: 2, text: 'two' }) },
      { kind: 'statusChanged', ...live[1] },
      { kind: 'statusChanged', ...live[2] },
      { kind: 'message', message: expect.objectContaining({ seq: 3, text: 'three' }) },
    ]);
    const newest = await closer.timeline(chatId, { limit: '3' });
    const older = await closer.timeline(chatId, { limit: '4', cursor: newest.nextCursor ?? '' });
    expect([...older.items, ...newest.items]).toEqual(items);
  });

  it('follows the messages before it on every gateway while members write without pause', async () => {
    const [owner, agent] = [aClient(), anAdmin()];
    for (let round = 0; round < 5; round++) {
      const chatId = await openChat(system, owner);
      const members = [await clients.connect(owner), await clients.connect(agent, 1)];
      for (const member of members) await member.request('joinChat', chatId);
      let last = 0;
      const writing = members.map(async (member) => {
        for (;;) {
          const { event, data } = await member.request('sendMessage', { chatId, message: { text: 'x' } });
          if (event === 'error') return;
          last = Math.max(last, data.seq);
        }
      });
      await new HttpUser(system, owner).patch(chatId, { status: 'CLOSED' });
      await Promise.all(writing);
      const order = [...Array.from({ length: last }, (_, index) => index + 1), 'CLOSED'];
      for (const member of members) {
        const { afterSeq } = await member.receives('chatStatusChanged');
        expect(afterSeq).toBe(last);
        expect(receivedBy(member)).toEqual(order);
      }
    }
  });

  it('that message-service could not apply is placed when it can again', async () => {
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const member = await clients.connect(owner);
    await member.request('joinChat', chatId);
    await send(member, chatId, 'one');
    const user = new HttpUser(system, owner);
    await system.kill('message-service', 'SIGSTOP');
    try {
      expect((await user.patch(chatId, { status: 'CLOSED' })).status).toBeGreaterThanOrEqual(500);
    } finally {
      await system.kill('message-service', 'SIGCONT');
    }
    const change = { chatId, status: 'CLOSED', at: expect.any(String), by: owner.id };
    expect(await member.receives('chatStatusChanged')).toMatchObject(change);
    const deadline = performance.now() + 15_000;
    for (;;) {
      const { data } = await member.request('joinChat', { chatId, after: 0 });
      if (data.statusChanges?.[0]?.afterSeq === 1) break;
      expect(performance.now()).toBeLessThan(deadline);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect((await user.timeline(chatId)).items).toMatchObject([
      { kind: 'message' },
      { kind: 'statusChanged', ...change, afterSeq: 1 },
    ]);
    expect((await member.request('sendMessage', { chatId, message: { text: 'late' } })).code).toBe(
      'CHAT_CLOSED',
    );
  });
});
