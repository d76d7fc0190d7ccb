import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, waitFor, withDatabase, type TestSystem, type TokenSubject } from '../helpers/index.ts';
import { aClient, anAdmin, Clients, http } from './client.ts';
import { HttpUser } from './http-client.ts';

// Who may open a `fileUrl`: the user to whom it was delivered, for as long as they may have the file.

let system: TestSystem;
let clients: Clients;
beforeAll(async () => {
  system = await startSystem({ replicas: 'gateway=2' });
  clients = new Clients(system);
}, 90_000);
afterEach(() => {
  clients.closeAll();
});
afterAll(() => system.stop(), 60_000);

/** How the file's URL reaches a user: by each way, and what they got. */
type Urls = Readonly<Record<'live' | 'snapshot' | 'caughtUp' | 'list' | 'quote', string>>;

const statusOf = async (url: string): Promise<number> => {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
};
const onGateway = (url: string, gateway: number): string =>
  url.replace(/^https?:\/\/[^/]+/, system.urls[gateway] ?? '');
/** The statuses of all URLs, on both gateways. */
const statusesOf = async (urls: Urls): Promise<number[]> =>
  Promise.all(
    Object.values(urls).flatMap((url) => [0, 1].map((gateway) => statusOf(onGateway(url, gateway)))),
  ).then((statuses) => [...new Set(statuses)]);

/** A chat in which an agent sends a file, and its URLs as the client and another agent get them. */
async function sharedFile({ client = aClient(), other = anAdmin() } = {}) {
  const owner = new HttpUser(system, client);
  const { id: chatId } = await owner.openChat();
  const [clientSocket, otherSocket, sender] = [
    await clients.connect(client),
    await clients.connect(other, 1),
    anAdmin(),
  ];
  for (const socket of [clientSocket, otherSocket]) await socket.request('joinChat', chatId);
  const uploader = new HttpUser(system, sender);
  const file = await uploader.uploadFile('for members', 'note.txt', 'text/plain');
  const senderSocket = await clients.connect(sender);
  const sent = await senderSocket.request('sendMessage', { chatId, message: { fileId: file.id } });
  const quote = { chatId, message: { text: 'see above', replyToId: sent.data.id } };
  const quoted = await clientSocket.request('sendMessage', quote);

  const urlsOf = async (user: TokenSubject, socket: typeof clientSocket): Promise<Urls> => {
    const live = await socket.receives('newMessage', ({ fileUrl }) => fileUrl !== undefined);
    const late = await clients.connect(user, 1);
    const joined = await late.request('joinChat', chatId);
    const caughtUp = await late.request('joinChat', { chatId, after: 0 });
    const list = await new HttpUser(system, user).messages(chatId);
    return {
      live: live.fileUrl ?? '',
      snapshot: joined.data.messages[0]?.fileUrl ?? '',
      caughtUp: caughtUp.data.messages[0]?.fileUrl ?? '',
      list: list.messages[0]?.fileUrl ?? '',
      quote: list.messages[1]?.replyTo?.fileUrl ?? '',
    };
  };
  return {
    chatId,
    file,
    sender: sent.data.fileUrl ?? '',
    client: { ...(await urlsOf(client, clientSocket)), reply: quoted.data.replyTo?.fileUrl ?? '' },
    other: await urlsOf(other, otherSocket),
  };
}

const machine = { name: 'crm', role: 'service' as const };
const revoke = async (body: { userId: number } | { jti: string }): Promise<void> => {
  expect((await http(system, machine, 'POST', '/admin/revocations', body)).status).toBe(201);
};
const within = (urls: Urls, status: number) =>
  waitFor(async () => (await statusesOf(urls)).every((one) => one === status), {
    what: `all URLs to answer ${String(status)}`,
    timeoutMs: 1_500,
  });

describe('a fileUrl', () => {
  it('opens for its receiver, by whichever way it came', async () => {
    const urls = await sharedFile();
    expect(await statusesOf(urls.client)).toEqual([200]);
    expect(await statusesOf(urls.other)).toEqual([200]);
    expect(await statusOf(urls.sender)).toBe(200);
  });

  it('is another for each user', async () => {
    const urls = await sharedFile();
    const ofAll = [urls.client, urls.other, { sender: urls.sender }].map((some): string[] =>
      Object.values(some),
    );
    const distinct = ofAll.map((some) => new Set(some).size).reduce((sum, size) => sum + size);
    expect(new Set(ofAll.flat()).size).toBe(distinct);
  });

  it('is refused once all tokens of its receiver are revoked, and opens for the others', async () => {
    const other = anAdmin();
    const urls = await sharedFile({ other });
    await revoke({ userId: other.id });
    await within(urls.other, 404);
    expect(await statusesOf(urls.client)).toEqual([200]);
    expect(await statusOf(urls.sender)).toBe(200);
  });

  it('is refused once the one token with which it came is revoked', async () => {
    const [jti, stays] = [randomUUID(), randomUUID()];
    const client = { ...aClient(), tokenId: jti };
    const urls = await sharedFile({ client });
    const again = new HttpUser(system, { ...client, tokenId: stays });
    const fresh = (await again.messages(urls.chatId)).messages[0]?.fileUrl ?? '';
    await revoke({ jti });
    await within(urls.client, 404);
    expect(await statusOf(fresh)).toBe(200);
  });

  it('is refused once the chat is no longer its receiver’s', async () => {
    const urls = await sharedFile();
    await withDatabase(system, (database) =>
      database.query('UPDATE message.chat SET client_id = client_id + 1 WHERE id = $1', [urls.chatId]),
    );
    expect(await statusesOf(urls.client)).toEqual([404]);
    expect(await statusesOf(urls.other)).toEqual([200]);
  });

  it('is refused when its user, role, time or token was changed', async () => {
    const { client, other } = await sharedFile();
    const [mine, theirs] = [client.live, other.live];
    const signatureOf = (url: string) => new URL(url).searchParams.get('signature') ?? '';
    const parts = signatureOf(mine).split('.');
    const forged = [
      ...parts.map((_, index) => parts.map((part, at) => (at === index ? `${part}1` : part)).join('.')),
      ['admin', ...parts.slice(1)].join('.'),
      [...signatureOf(theirs).split('.').slice(0, -1), parts.at(-1)].join('.'),
      parts.at(-1) ?? '',
    ];
    for (const signature of forged) {
      const url = mine.replace(/signature=.*/, `signature=${signature}`);
      expect({ signature, status: await statusOf(url) }).toEqual({ signature, status: 404 });
    }
  });
});
