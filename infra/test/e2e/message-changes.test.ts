import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, type TestSystem, type TokenSubject } from '../helpers/index.ts';
import { aClient, anAdmin, Clients, http, openChat, type TestClient } from './client.ts';
import { HttpUser } from './http-client.ts';

// Edits, deletions, reactions and read marks, over sockets of two gateways and over HTTP.

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

const owner = aClient();
const agent = anAdmin();

async function aChat(): Promise<{ chatId: string; client: TestClient; admin: TestClient }> {
  const chatId = await openChat(system, owner);
  const [client, admin] = await Promise.all([clients.connect(owner), clients.connect(agent, 1)]);
  for (const socket of [client, admin]) await socket.request('joinChat', { chatId });
  return { chatId, client, admin };
}
const send = async (client: TestClient, chatId: string, text: string) =>
  (await client.request('sendMessage', { chatId, message: { text } })).data;

describe('a changed message', () => {
  it('reaches every socket as it is then, also the one that changed it, and those that return', async () => {
    const { chatId, client, admin } = await aChat();
    const sent = await send(client, chatId, 'before');
    const named = { chatId, messageId: sent.id };
    const edited = await client.request('editMessage', { ...named, text: 'after', version: 1 });
    expect(edited).toMatchObject({ event: 'messageEdited', data: { text: 'after', version: 2 } });
    await admin.request('react', { ...named, emoji: '👍', on: true });
    const { data } = await admin.request('deleteMessage', named);
    for (const socket of [client, admin]) {
      expect(await socket.receives('messageChanged', ({ version }) => version === 4)).toEqual(data);
      expect(socket.payloads('messageChanged').map(({ version }) => version)).toEqual([2, 3, 4]);
    }
    const returned = await client.request('joinChat', { chatId, after: 0 });
    expect(returned.data).toMatchObject({ messages: [data], changes: [data, data, data] });
    expect(JSON.stringify(returned.data)).not.toMatch(/before|after"/);
  });

  it('is refused with the version that is there now', async () => {
    const { chatId, client } = await aChat();
    const { id: messageId } = await send(client, chatId, 'one');
    await client.request('editMessage', { chatId, messageId, text: 'two', version: 1 });
    expect(
      await client.request('editMessage', { chatId, messageId, text: 'three', version: 1 }),
    ).toMatchObject({ code: 'MESSAGE_CONFLICT', retryable: false, details: { version: 2 } });
  });

  it('no longer serves its file', async () => {
    const { chatId, client } = await aChat();
    const file = await new HttpUser(system, owner).uploadFile('bytes', 'a.txt', 'text/plain');
    const { data } = await client.request('sendMessage', { chatId, message: { fileId: file.id } });
    expect(data.file).toEqual({ id: file.id, name: 'a.txt', contentType: 'text/plain', size: 5 });
    const statusFor = async (user: TokenSubject) => {
      const headers = { authorization: `Bearer ${system.token(user)}` };
      return (await fetch(`${system.url}/api/v1/files/${file.id}`, { headers })).status;
    };
    const statuses = async () => [
      (await fetch(data.fileUrl ?? '')).status,
      await statusFor(owner),
      await statusFor(agent),
    ];
    expect(await statuses()).toEqual([200, 200, 200]);
    await client.request('deleteMessage', { chatId, messageId: data.id });
    expect(await statuses()).toEqual([404, 404, 404]);
  });

  it('may be changed over HTTP, and sent under an idempotency key', async () => {
    const { chatId, admin } = await aChat();
    const path = `/chats/${chatId}/messages`;
    const post = (text: string) =>
      fetch(`${system.url}/api/v1${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${system.token(owner)}`,
          'content-type': 'application/json',
          'idempotency-key': '"k1"',
        },
        body: JSON.stringify({ text }),
      });
    const first = await post('by HTTP');
    const sent = (await first.json()) as { id: string };
    expect([first.status, sent]).toEqual([
      201,
      expect.objectContaining({ text: 'by HTTP', clientMessageId: 'k1', seq: 1 }),
    ]);
    expect(await admin.receives('newMessage')).toMatchObject({ id: sent.id });
    const again = await post('by HTTP');
    expect([again.status, await again.json()]).toEqual([200, { ...sent, deduplicated: true }]);

    const edit = (tag: string) =>
      fetch(`${system.url}/api/v1${path}/${sent.id}`, {
        method: 'PATCH',
        headers: {
          authorization: `Bearer ${system.token(owner)}`,
          'content-type': 'application/json',
          'if-match': tag,
        },
        body: JSON.stringify({ text: 'edited' }),
      });
    expect((await edit('1')).status).toBe(400);
    expect(await (await edit('"1"')).json()).toMatchObject({ text: 'edited', version: 2 });
    const reacted = await http(system, agent, 'POST', `${path}/${sent.id}/reactions`, {
      emoji: '👍',
      on: true,
    });
    expect(reacted).toMatchObject({ status: 200, body: { version: 3 } });
    expect(
      await http(system, agent, 'POST', `${path}/${sent.id}/reactions`, { emoji: 'no', on: true }),
    ).toMatchObject({
      status: 400,
    });
    expect(await http(system, agent, 'POST', `/chats/${chatId}/read`, { seq: 1 })).toMatchObject({
      status: 200,
      body: { seq: 1, unread: 0 },
    });
    expect(await http(system, owner, 'DELETE', `${path}/${sent.id}`)).toMatchObject({
      status: 200,
      body: { version: 4, deletedBy: owner.id },
    });
  });
});

describe('a read mark', () => {
  it("reaches every socket but the one that asked, also the reader's own others", async () => {
    const { chatId, client, admin } = await aChat();
    const otherTab = await clients.connect(agent);
    await otherTab.request('joinChat', { chatId });
    await send(client, chatId, 'one');
    await send(client, chatId, 'two');
    const { data } = await admin.request('readUpTo', { chatId, seq: 2 });
    expect(data).toMatchObject({ chatId, userId: agent.id, seq: 2, unread: 0 });
    for (const socket of [client, otherTab])
      expect(await socket.receives('chatRead')).toEqual({ chatId, userId: agent.id, seq: 2, at: data.at });
    await admin.receivedAll(chatId);
    expect(admin.payloads('chatRead')).toEqual([]);
    // For clients that know no marks.
    expect((await client.receives('messagesRead')).messageIds).toHaveLength(2);

    const joined = await (await clients.connect(owner)).request('joinChat', { chatId });
    expect(joined.data.readMarks?.map(({ userId, seq }) => [userId, seq])).toEqual(
      expect.arrayContaining([
        [owner.id, 2],
        [agent.id, 2],
      ]),
    );
  });
});
