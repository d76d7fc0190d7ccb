import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, waitFor, type TestSystem } from '../helpers/index.ts';
import { startTracePage, type TracePage } from '../../dev/traces/server.ts';
import { aClient, anAdmin, Clients, http, openChat, type TestClient } from './client.ts';
import { expectTree, treeOf } from './trace-tree.ts';

// One event of a client is one trace: span by span, parent by parent.

const STRANGER = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${STRANGER}-00f067aa0ba902b7-01`;

let page: TracePage;
let system: TestSystem;
let clients: Clients;
beforeAll(async () => {
  page = await startTracePage({ port: 0 });
  system = await startSystem({
    replicas: 'gateway=2',
    env: {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${page.port}/v1/traces`,
      OTEL_TRACES_SAMPLER_ARG: '1',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      TRUSTED_PROXY_HOPS: '1',
    },
  });
  clients = new Clients(system);
}, 90_000);
afterEach(() => {
  clients.closeAll();
});
afterAll(async () => {
  await system.stop();
  await page.stop();
}, 60_000);

const owner = aClient();
const agent = anAdmin();

/** A chat that all services know, with two sockets on the first gateway and one on the second. */
async function aBusyChat(): Promise<{ chatId: string; client: TestClient; admin: TestClient }> {
  const chatId = await openChat(system, owner);
  const [client, tab, admin] = await Promise.all([
    clients.connect(owner),
    clients.connect(owner),
    clients.connect(agent, 1),
  ]);
  for (const socket of [client, tab, admin])
    expect((await socket.request('joinChat', { chatId })).event).toBe('joinedChat');
  return { chatId, client, admin };
}

/**
 * A send that one plain statement stored. Beside the projection's own write to the chat's row, a send is
 * decided under locks instead.
 */
function sendPlainly(client: TestClient, chatId: string): Promise<string> {
  const commitOf = (traceId: string) => page.store.get(traceId).find(({ name }) => name === 'commit');
  return waitFor(
    async () => {
      const message = { text: 'hello', clientMessageId: randomUUID() };
      const { traceId = '' } = await client.request('sendMessage', { chatId, message });
      const commit = await waitFor(() => commitOf(traceId), { what: 'the wait for the COMMIT' });
      const shared = commit.links[0]?.traceId ?? '';
      const statements = () => treeOf(page.store.get(shared)).filter((line) => line.includes('pg.query'));
      await waitFor(() => statements().length > 0, { what: 'the statements of the COMMIT' });
      return statements().some((line) => line.includes('append-plain')) ? traceId : undefined;
    },
    { what: 'a send without locks' },
  );
}

describe('the trace of', () => {
  it('sendMessage goes from the frame to the sockets of every gateway, and links to the shared transaction', async () => {
    const { chatId, client } = await aBusyChat();
    const traceId = await sendPlainly(client, chatId);
    const spans = await expectTree(page.store, traceId, [
      'server gateway sendMessage',
      '  client gateway message.v1.send',
      '    server message-service message.v1.send',
      '      internal message-service commit',
      '      producer message-service publish room.{chatId}.message',
      '        consumer gateway process room.{chatId}.message sockets=2',
      '        consumer gateway-2 process room.{chatId}.message sockets=1',
    ]);
    const commit = spans.find(({ name }) => name === 'commit');
    const shared = commit?.links[0]?.traceId;
    const statements = await expectTree(page.store, shared, [
      'internal message-service commit sends',
      '  client message-service pg.query:append-plain switchboard',
    ]);
    const root = statements.find(({ name }) => name === 'commit sends');
    expect(root?.links).toEqual([{ traceId, spanId: commit?.spanId }]);
    expect(root?.attributes).toMatchObject({ 'switchboard.batch.size': 1 });
  });

  it('a reply links to the transaction that decided it', async () => {
    const { chatId, client } = await aBusyChat();
    const {
      data: { id: replyToId },
    } = await client.request('sendMessage', { chatId, message: { text: 'hello' } });
    const { traceId } = await client.request('sendMessage', {
      chatId,
      message: { text: 'to that', replyToId },
    });
    const commit = await waitFor(() => page.store.get(traceId ?? '').find(({ name }) => name === 'commit'), {
      what: 'the wait for the COMMIT',
    });
    await expectTree(page.store, commit.links[0]?.traceId, [
      'internal message-service commit sends',
      '  client message-service pg.query:START switchboard',
      '  client message-service pg.query:WITH switchboard',
      '  client message-service pg.query:SELECT switchboard',
      '  client message-service pg.query:WITH switchboard',
      '  client message-service pg.query:COMMIT switchboard',
    ]);
  });

  it('joinChat sends requests to both owners concurrently, and publishes to the others', async () => {
    const { chatId } = await aBusyChat();
    const another = await clients.connect(anAdmin(), 1);
    const { traceId } = await another.request('joinChat', { chatId });
    await expectTree(page.store, traceId, [
      'server gateway-2 joinChat',
      '  client gateway-2 message.v1.join',
      '    server message-service message.v1.join',
      '      client message-service pg.query:page-of-50 switchboard',
      '  client gateway-2 presence.v1.enter',
      '    server presence-service presence.v1.enter',
      '      client presence-service pg.query:projected-chat switchboard',
      '      client presence-service pg.query:enter-chat switchboard',
      '      producer presence-service publish room.{chatId}.presence',
      '        consumer gateway process room.{chatId}.presence sockets=2',
      '        consumer gateway-2 process room.{chatId}.presence sockets=1',
    ]);
  });

  it('joinChat of a chat that a service does not know yet shows its lookup', async () => {
    const lookUp = ['client message-service', 'server chat-service']
      .map((who, depth) => `${'  '.repeat(3 + depth)}${who} internal.chat.v1.lookUp`)
      .join('\n');
    // The service may receive the chat by itself, within a second of its opening.
    await waitFor(
      async () => {
        const client = await clients.connect(owner);
        const { traceId } = await client.request('joinChat', { chatId: await openChat(system, owner) });
        const now = () => treeOf(page.store.get(traceId ?? '')).join('\n');
        await waitFor(
          () =>
            now().includes('message-service message.v1.join') && now().startsWith('server gateway joinChat'),
          { what: 'the trace' },
        );
        return now().includes(lookUp);
      },
      { what: 'a chat that was looked up', everyMs: 300 },
    );
  });

  it('typing reads only the access row, and is not delivered to the sockets of the sender', async () => {
    const { chatId, client } = await aBusyChat();
    const { traceId } = await client.request('typing', { chatId, isTyping: true });
    await expectTree(page.store, traceId, [
      'server gateway typing',
      '  client gateway presence.v1.typing',
      '    server presence-service presence.v1.typing',
      '      client presence-service pg.query:projected-chat switchboard',
      '      producer presence-service publish room.{chatId}.presence',
      '        consumer gateway process room.{chatId}.presence sockets=0',
      '        consumer gateway-2 process room.{chatId}.presence sockets=1',
    ]);
  });

  it('readMessages shows its statements in order', async () => {
    const { chatId, client, admin } = await aBusyChat();
    const {
      data: { id },
    } = await client.request('sendMessage', { chatId, message: { text: 'hello' } });
    const { traceId } = await admin.request('readMessages', { chatId, messageIds: [id] });
    await expectTree(page.store, traceId, [
      'server gateway-2 readMessages',
      '  client gateway-2 message.v1.read',
      '    server message-service message.v1.read',
      '      client message-service pg.query:START switchboard',
      '      client message-service pg.query:SELECT switchboard',
      '      client message-service pg.query:SELECT switchboard',
      '      client message-service pg.query:INSERT switchboard',
      '      client message-service pg.query:WITH switchboard',
      '      client message-service pg.query:INSERT switchboard',
      '      client message-service pg.query:UPDATE switchboard',
      '      client message-service pg.query:COMMIT switchboard',
      // The messages that were read, then the mark.
      '      producer message-service publish room.{chatId}.message',
      '        consumer gateway process room.{chatId}.message sockets=2',
      '        consumer gateway-2 process room.{chatId}.message sockets=0',
      '      producer message-service publish room.{chatId}.message',
      '        consumer gateway process room.{chatId}.message sockets=2',
      '        consumer gateway-2 process room.{chatId}.message sockets=0',
    ]);
  });

  it('a status change goes from HTTP through chat-service to message-service', async () => {
    const { chatId } = await aBusyChat();
    const response = await patch(chatId, { status: 'CLOSED' });
    expect(response.status).toBe(200);
    await expectTree(page.store, response.headers.get('trace-id') ?? '', [
      'server gateway PATCH /api/v1/chats/:chatId',
      '  client gateway chat.v1.update',
      '    server chat-service chat.v1.update',
      '      client chat-service pg.query:START switchboard',
      '      client chat-service pg.query:SELECT switchboard',
      '      client chat-service pg.query:UPDATE switchboard',
      '      client chat-service pg.query:INSERT switchboard',
      '      client chat-service pg.query:COMMIT switchboard',
      '      client chat-service pg.query:WITH switchboard',
      '      client chat-service internal.message.v1.takeChat',
      '        server message-service internal.message.v1.takeChat',
      '          client message-service pg.query:apply-chats switchboard',
      '          client message-service pg.query:place-entries switchboard',
      '      producer chat-service publish room.{chatId}.chat',
      '        consumer gateway process room.{chatId}.chat sockets=2',
      '        consumer gateway-2 process room.{chatId}.chat sockets=1',
    ]);
  });

  it('a file goes through the gateway to message-service, without its ticket', async () => {
    const form = new FormData();
    form.append('file', new Blob(['hello']), 'a.txt');
    const response = await fetch(`${system.url}/api/v1/files`, {
      method: 'POST',
      headers: { authorization: `Bearer ${system.token(owner)}` },
      body: form,
    });
    const spans = await expectTree(page.store, response.headers.get('trace-id') ?? '', [
      'server gateway POST /api/v1/files',
      '  client gateway PUT',
      '    server message-service PUT',
      '      client message-service pg.query:INSERT switchboard',
      '  client gateway message.v1.uploadFile',
      '    server message-service message.v1.uploadFile',
    ]);
    expect(JSON.stringify(spans)).toContain('/blobs/{ticket}');
    expect(JSON.stringify(spans)).not.toMatch(/blobs\/[^{]/);
  });
});

describe("a client's own trace", () => {
  const linksOf = (traceId: string | undefined) =>
    page.store.get(traceId ?? '').find(({ parentSpanId }) => parentSpanId === undefined)?.links;
  const link = { traceId: STRANGER, spanId: '00f067aa0ba902b7' };

  it('is linked, never continued: from the handshake, beside a payload or in a header', async () => {
    const chatId = await openChat(system, owner);
    const { client, admin } = {
      client: await clients.connect(owner, 0, { auth: { token: system.token(owner), traceparent } }),
      admin: await clients.connect(agent),
    };
    const byHandshake = await client.request('getActiveUsers', chatId);
    const byPayload = await admin.request('getActiveUsers', chatId, { traceparent });
    const byHeader = await fetch(`${system.url}/api/v1/chats/${chatId}`, {
      headers: { authorization: `Bearer ${system.token(owner)}`, traceparent },
    });
    for (const traceId of [byHandshake.traceId, byPayload.traceId, byHeader.headers.get('trace-id') ?? '']) {
      expect(traceId).not.toBe(STRANGER);
      await waitFor(() => linksOf(traceId) !== undefined, { what: 'the trace' });
      expect(linksOf(traceId)).toEqual([link]);
    }
    expect(page.store.get(STRANGER)).toEqual([]);
  });

  it('that is invalid is ignored', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const { event, traceId } = await client.request('getActiveUsers', chatId, { traceparent: 'nonsense' });
    expect(event).toBe('activeUsers');
    await waitFor(() => linksOf(traceId) !== undefined, { what: 'the trace' });
    expect(linksOf(traceId)).toEqual([]);
  });
});

it('no span begins before its parent within one process, nor ends after it where that waits for it', async () => {
  const { chatId, client } = await aBusyChat();
  const {
    data: { id },
  } = await client.request('sendMessage', { chatId, message: { text: 'hello' } });
  await client.request('readMessages', { chatId, messageIds: [id] });
  await patch(chatId, { status: 'CLOSED' });
  await waitFor(() => page.store.list().some(({ name }) => name.startsWith('PATCH')), {
    what: 'the last trace',
  });
  const spans = page.store.list().flatMap(({ traceId }) => page.store.get(traceId));
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const pairs = spans.flatMap((child) => {
    const parent = byId.get(child.parentSpanId ?? '');
    return parent?.instance === child.instance ? [{ parent, child }] : [];
  });
  expect(pairs.length).toBeGreaterThan(20);
  const TOLERANCE_MS = 0.1;
  const early = pairs.filter(({ parent, child }) => child.startMs < parent.startMs - TOLERANCE_MS);
  const late = pairs.filter(
    ({ parent, child }) =>
      child.kind === 'client' &&
      child.startMs + child.durationMs > parent.startMs + parent.durationMs + TOLERANCE_MS,
  );
  expect(
    [early, late].map((wrong) => wrong.map(({ parent, child }) => `${parent.name} > ${child.name}`)),
  ).toEqual([[], []]);
});

describe('what a span says', () => {
  it('is never an id in its name, a token or a text', async () => {
    const { chatId, client } = await aBusyChat();
    await client.request('sendMessage', { chatId, message: { text: 'a secret between us' } });
    await client.request('sendMessage', {
      chatId,
      message: { text: 'a secret between us', replyToId: 'nobody' },
    });
    await waitFor(() => page.store.list().some(({ name }) => name === 'sendMessage'), { what: 'a trace' });
    const spans = page.store.list().flatMap(({ traceId }) => page.store.get(traceId));
    for (const { name } of spans) expect(name).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}|_INBOX/);
    expect(JSON.stringify(spans)).not.toMatch(/a secret between us|eyJ/);
  });

  it("is the client's address behind a trusted proxy, not one that the client forged", async () => {
    const response = await fetch(`${system.url}/api/v1/chats`, {
      headers: {
        authorization: `Bearer ${system.token(owner)}`,
        'x-forwarded-for': '198.51.100.6, [2001:db8::7]:4711',
      },
    });
    const traceId = response.headers.get('trace-id') ?? '';
    const span = await waitFor(() => page.store.get(traceId).find(({ name }) => name.startsWith('GET')), {
      what: 'the span of the gateway',
    });
    expect(span.attributes).toMatchObject({
      'client.address': '2001:db8::7',
      'network.peer.address': expect.stringContaining('127.0.0.1'),
    });
  });

  it("is the client's mistake without being an error of ours, and the answer names the trace", async () => {
    const client = await clients.connect(owner);
    const refused = await client.request('sendMessage', { chatId: 'nonsense', message: { text: 'x' } });
    expect(refused).toMatchObject({ code: 'CHAT_NOT_FOUND' });
    const problem = await http(system, owner, 'GET', '/chats/nonsense');
    const { traceId } = problem.body as { traceId: string };
    await expectTree(page.store, refused.traceId, ['server gateway sendMessage']);
    await expectTree(page.store, traceId, ['server gateway GET /api/v1/chats/:chatId']);
    expect(page.store.get(refused.traceId ?? '')[0]?.attributes).toMatchObject({
      'error.type': 'CHAT_NOT_FOUND',
    });
  });
});

const patch = (chatId: string, change: object): Promise<Response> =>
  fetch(`${system.url}/api/v1/chats/${chatId}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${system.token(agent)}`, 'content-type': 'application/json' },
    body: JSON.stringify(change),
  });
