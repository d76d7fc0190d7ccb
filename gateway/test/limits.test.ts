import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { waitFor } from '@switchboard/infra/test';
import type { Client, Reply } from './client.ts';
import { admin, owner, tokenOf, upTo } from './given.ts';
import { frame, PING, RawWebSocket } from './raw-websocket.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let gateway: TestGateway;
afterEach(() => gateway.stop());

const start = async (limits: Record<string, string>) => {
  gateway = await startGateway(limits);
};
const RATE_LIMITED = {
  event: 'error',
  data: 'Too many requests; slow down.',
  code: 'RATE_LIMITED',
  retryable: true,
  details: { retryAfterMs: expect.any(Number) },
};
const send = (client: Client, chatId: string) =>
  client.request('sendMessage', { chatId, message: { text: 'x' } });
const codes = (replies: readonly Reply[]) => replies.map(({ code }) => code ?? 'ok');
const count = (replies: readonly Reply[], code: string) =>
  codes(replies).filter((one) => one === code).length;

describe('events', () => {
  it('above the rate of a socket are refused with a retry time and accepted after it', async () => {
    await start({ RATE_LIMIT_EVENTS: '5' });
    const { id } = gateway.stubs.newChat();
    const client = await gateway.connect();
    const replies = await Promise.all(upTo(30).map(() => client.request('getActiveUsers', id)));
    expect(count(replies, 'ok')).toBeGreaterThanOrEqual(20);
    const refused = replies.find(({ code }) => code === 'RATE_LIMITED');
    expect(refused).toMatchObject(RATE_LIMITED);
    expect((refused?.details as { retryAfterMs: number }).retryAfterMs).toBeLessThanOrEqual(200);
    await waitFor(async () => (await client.request('getActiveUsers', id)).event === 'activeUsers', {
      what: 'an event to be taken again',
    });
  });

  it('with an unknown name count against the limit too', async () => {
    await start({ RATE_LIMIT_EVENTS: '1' });
    const client = await gateway.connect();
    const replies = [];
    for (const event of ['nonsense', 'sendMessage', 'refreshToken', 'joinChat', 'typing', '__proto__'])
      replies.push(await client.request(event, {}));
    expect(codes(replies)).toEqual([
      'UNKNOWN_EVENT',
      'VALIDATION',
      'VALIDATION',
      'VALIDATION',
      'RATE_LIMITED',
      'RATE_LIMITED',
    ]);
  });

  it('of all sockets and HTTP requests of one user share a limit that spares other users', async () => {
    await start({ RATE_LIMIT_EVENTS: '2' });
    const { id } = gateway.stubs.newChat();
    const since = performance.now();
    const sockets = [await gateway.connect(), await gateway.connect(), await gateway.connect()];
    const other = await gateway.connect(admin);
    const replies = await Promise.all(
      sockets.flatMap((client) => upTo(8).map(() => client.request('getActiveUsers', id))),
    );
    // Two sockets' worth, of which the connections themselves were three; and what has flowed in meanwhile.
    expect(count(replies, 'ok')).toBeLessThan(20);
    expect(count(replies, 'ok')).toBeGreaterThanOrEqual(13);
    // All of them together get the user's burst and what flows in meanwhile, four tokens a second.
    const overHttp = await Promise.all(
      upTo(8).map(() =>
        request(gateway.url)
          .get('/api/v1/chats/x')
          .set('authorization', `Bearer ${tokenOf(owner)}`),
      ),
    );
    const accepted = count(replies, 'ok') + overHttp.filter(({ status }) => status !== 429).length;
    expect(accepted + sockets.length).toBeLessThanOrEqual(16 + ((performance.now() - since) / 1_000) * 4);
    const refused = overHttp.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
    expect(refused?.headers['retry-after']).toBe('1');
    expect(codes(await Promise.all(upTo(8).map(() => other.request('getActiveUsers', id))))).toEqual(
      upTo(8).map(() => 'ok'),
    );
  });

  it('that are droppable are refused first', async () => {
    await start({ RATE_LIMIT_EVENTS: '2' });
    const { id } = gateway.stubs.newChat();
    const client = await gateway.connect();
    const typing = await Promise.all(
      upTo(8).map((n) => client.request('typing', { chatId: id, isTyping: n % 2 === 0 })),
    );
    expect(count(typing, 'ok')).toBeLessThan(8);
    expect(codes(await Promise.all(upTo(4).map(() => send(client, id))))).toEqual(['ok', 'ok', 'ok', 'ok']);
  });

  it('run up to the maximum in flight, and the rest wait', async () => {
    await start({ MAX_IN_FLIGHT: '3' });
    const chats = upTo(20).map(() => gateway.stubs.newChat().id);
    const { sendMessage } = gateway.stubs;
    let atWork = 0;
    let most = 0;
    gateway.stubs.sendMessage = async (payload, context) => {
      most = Math.max(most, ++atWork);
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
      atWork -= 1;
      return sendMessage(payload, context);
    };
    const client = await gateway.connect();
    expect(codes(await Promise.all(chats.map((id) => send(client, id))))).toEqual(chats.map(() => 'ok'));
    expect(most).toBe(3);
  });
});

it('forwards typing at most once in two seconds, and its end', async () => {
  await start({});
  const { id } = gateway.stubs.newChat();
  const client = await gateway.connect();
  for (const isTyping of [true, true, false, true, true, false]) {
    expect(await client.request('typing', { chatId: id, isTyping })).toMatchObject({
      event: 'typing',
      data: { chatId: id, isTyping },
    });
  }
  expect(gateway.stubs.typing).toEqual([true]);
  await waitFor(() => gateway.stubs.typing.length > 1, { what: 'the end of typing' });
  expect(gateway.stubs.typing).toEqual([true, false]);
});

it('disconnects a flooding user and refuses them for a while, on each transport', async () => {
  await start({ RATE_LIMIT_EVENTS: '5' });
  for (const [id, transport] of [
    [31, 'websocket'],
    [32, 'polling'],
  ] as const) {
    const flooder = await gateway.connect(
      { ...owner, id },
      { transports: [transport], auth: { token: tokenOf({ ...owner, id }) } },
    );
    for (let n = 0; n < 400; n++) flooder.socket.emit('typing', {});
    await waitFor(() => !flooder.socket.connected, { what: 'the flooder to be cut off', timeoutMs: 10_000 });
    const refusal = await gateway.open({ auth: { token: tokenOf({ ...owner, id }) } }).refused();
    expect(refusal).toMatchObject({
      message: RATE_LIMITED.data,
      data: { code: 'RATE_LIMITED', retryable: true, details: { retryAfterMs: expect.any(Number) } },
    });
  }
  const other = await gateway.connect(admin);
  expect(await send(other, gateway.stubs.newChat().id)).toMatchObject({ event: 'messageSent' });
});

describe("a user's sockets", () => {
  it('are limited in number, also when they come at once; a closed one frees a place', async () => {
    await start({ MAX_SOCKETS_PER_USER: '3' });
    const clients = upTo(6).map(() => gateway.open({ auth: { token: tokenOf(owner) } }));
    await waitFor(() => clients.every(({ socket, refusals }) => socket.connected || refusals.length > 0), {
      what: 'answers to all',
    });
    const connected = clients.filter(({ socket }) => socket.connected);
    expect(connected).toHaveLength(3);
    for (const { refusals } of clients.filter(({ socket }) => !socket.connected)) {
      expect(refusals).toEqual([
        {
          message: 'Too many connections; close another one first.',
          data: { code: 'TOO_MANY_CONNECTIONS', retryable: true, traceId: expect.any(String) },
        },
      ]);
    }
    await gateway.connect(admin);
    connected[0]?.close();
    const late = gateway.open({ auth: { token: tokenOf(owner) }, autoConnect: false });
    await waitFor(() => late.socket.connect().connected, { what: 'room for another', everyMs: 100 });
  });
});

describe('an address', () => {
  const isIn = async (client: Client) => {
    await waitFor(() => client.socket.connected || client.refusals.length > 0, {
      what: 'an end of the handshake',
    });
    return client.socket.connected;
  };
  const from = (address: string, actor = owner) =>
    gateway.open({ auth: { token: tokenOf(actor) }, extraHeaders: { 'x-forwarded-for': address } });

  it('has a limit of connections and cannot forge another address', async () => {
    await start({ MAX_CONNECTIONS_PER_ADDRESS: '2' });
    const clients = [from('1.1.1.1'), from('2.2.2.2')];
    for (const client of clients) expect(await isIn(client)).toBe(true);
    expect(await isIn(from('3.3.3.3'))).toBe(false);
    clients[0]?.close();
    await waitFor(() => isIn(from('1.1.1.1')), { what: 'room for another' });
  });

  it('behind a proxy is the address that the proxy appended', async () => {
    await start({ MAX_CONNECTIONS_PER_ADDRESS: '1', TRUSTED_PROXY_HOPS: '1' });
    expect(await isIn(from('6.6.6.6, 1.1.1.1'))).toBe(true);
    expect(await isIn(from('7.7.7.7, 1.1.1.1'))).toBe(false);
    expect(await isIn(from('6.6.6.6, 2.2.2.2'))).toBe(true);
  });

  it('has a rate limit for connections and requests', async () => {
    await start({ RATE_LIMIT_ADDRESS: '2', TRUSTED_PROXY_HOPS: '1' });
    const outcomes = [];
    for (let n = 0; n < 10; n++) outcomes.push(await isIn(from('1.1.1.1')));
    expect(outcomes.slice(0, 8)).toEqual(upTo(8).map(() => true));
    expect(outcomes.slice(8)).toContain(false);
    const ask = (address: string) =>
      request(gateway.url).get('/api/v1/chats').set('x-forwarded-for', address);
    expect((await Promise.all(upTo(10).map(() => ask('1.1.1.1')))).map(({ status }) => status)).toContain(
      429,
    );
    expect((await ask('2.2.2.2')).status).toBe(401);
    expect(await isIn(from('2.2.2.2'))).toBe(true);
    expect((await request(gateway.url).get('/livez').set('x-forwarded-for', '1.1.1.1')).status).toBe(200);
  });

  it('shares the connection rate of the gateway with all others', async () => {
    await start({ RATE_LIMIT_CONNECTS: '2', TRUSTED_PROXY_HOPS: '1' });
    const outcomes = await Promise.all(upTo(12).map((n) => isIn(from(`1.1.1.${n}`))));
    expect(outcomes.filter(Boolean).length).toBeLessThan(12);
    expect(outcomes.filter(Boolean).length).toBeGreaterThanOrEqual(8);
  });
});

it('accepts four concurrent uploads per user', async () => {
  await start({});
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  gateway.stubs.uploadFile = async () => {
    await held;
    throw new Error('never stored');
  };
  const upload = (actor = owner) =>
    request(gateway.url)
      .post('/api/v1/files')
      .set('authorization', `Bearer ${tokenOf(actor)}`)
      .attach('file', Buffer.from('x'), 'x.txt')
      .then(({ status }) => status);
  const first = upTo(4).map(() => upload());
  const fifth = await waitFor(async () => ((await upload()) === 503 ? 503 : undefined), {
    what: 'one too many to be refused',
  });
  expect(fifth).toBe(503);
  release();
  await Promise.all(first);
});

it('sends pongs at the rate at which the connection is read', async () => {
  await start({ RATE_LIMIT_EVENTS: '5' });
  const webSocket = await RawWebSocket.open(gateway.url);
  webSocket.connection.write(Buffer.concat(upTo(90).map(() => frame({ opcode: PING }))));
  await webSocket.pongsCome(20);
  expect(webSocket.pongs).toBeLessThan(40);
  webSocket.connection.destroy();
});

it('never compresses responses to polling clients, so that secrets cannot be guessed from lengths', async () => {
  await start({});
  const chat = gateway.stubs.newChat();
  for (let n = 0; n < 20; n++) chat.appendMessage();
  const url = `${gateway.url}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1)) as { sid: string };
  const session = `${url}&sid=${sid}`;
  const post = (body: string) => fetch(session, { method: 'POST', body });
  await post(`40${JSON.stringify({ token: tokenOf(owner) })}`);
  expect(await (await fetch(session)).text()).toContain('"sid"');
  await post(`42${JSON.stringify(['joinChat', chat.id])}`);
  const answer = await fetch(session, { headers: { 'accept-encoding': 'gzip' } });
  expect((await answer.text()).length).toBeGreaterThan(2_000);
  expect(answer.headers.get('content-encoding')).toBeNull();
});
