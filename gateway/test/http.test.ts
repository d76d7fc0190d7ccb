import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError } from '@switchboard/shared/runtime';
import { Failure } from '@switchboard/shared/errors';
import request from 'supertest';
import { freePort, silent, startNats, waitFor } from '@switchboard/infra/test';
import { createGateway } from '../src/app.ts';
import { aConfig, owner, tokenOf } from './given.ts';
import { Client } from './client.ts';
import { Stubs } from './stubs.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const bearer = `Bearer ${tokenOf(owner)}`;
const get = (path: string) => request(gateway.url).get(path).set('authorization', bearer);
const post = (path: string) => request(gateway.url).post(path).set('authorization', bearer);

const problem = (code: string, status: number, title: string, more: Record<string, unknown> = {}) => ({
  type: `urn:switchboard:error:${code}`,
  title,
  status,
  code,
  retryable: false,
  traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  ...more,
});
const invalid = problem('VALIDATION', 400, 'The request is not valid.');

function expectProblem(response: request.Response, expected: { status: number }): void {
  expect(response.status).toBe(expected.status);
  expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(JSON.parse(response.text)).toMatchObject(expected);
  expect(JSON.parse(response.text)).toMatchObject({ traceId: response.headers['trace-id'] });
}

describe('the API', () => {
  it('forwards a request and returns the reply', async () => {
    const chat = gateway.stubs.newChat();
    const response = await get(`/api/v1/chats/${chat.id}`);
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ id: chat.id, status: 'ACTIVE' });
    expect(response.headers['x-powered-by']).toBeUndefined();
    expect((await post('/api/v1/chats').send({})).status).toBe(201);
    expect((await post('/api/v1/chats')).status).toBe(201);
  });

  it.each<[string, () => request.Test]>([
    ['JSON that is none', () => post('/api/v1/chats').set('content-type', 'application/json').send('{"a":')],
    ['a list for a body', () => post('/api/v1/chats').send([])],
    [
      'a string for a body',
      () => post('/api/v1/chats').set('content-type', 'application/json').send('"text"'),
    ],
    ['an unknown field', () => post('/api/v1/chats').send({ clientId: 1, status: 'ACTIVE' })],
    ['a wrong type', () => post('/api/v1/chats').send({ clientId: '1' })],
    ['a field in path and query', () => get(`/api/v1/chats/${randomUUID()}?chatId=${randomUUID()}`)],
    ['a field in query and body', () => post('/api/v1/chats?clientId=1').send({ clientId: 1 })],
    ['a field twice in the query', () => get('/api/v1/chats?status=ACTIVE&status=CLOSED')],
    ['an unknown status', () => get('/api/v1/chats?status=OPEN')],
    ['a limit too high', () => get('/api/v1/chats?limit=101')],
    ['a limit that is no number', () => get('/api/v1/chats?limit=1e1')],
    ['a path that cannot be decoded', () => get('/api/v1/chats/%ff')],
    [
      'no change at all',
      () => request(gateway.url).patch(`/api/v1/chats/${randomUUID()}`).set('authorization', bearer).send({}),
    ],
  ])('refuses %s as a problem document', async (_, ask) => {
    expectProblem(await ask(), invalid);
  });

  it('says which field is wrong, and never what was in it', async () => {
    const response = await post('/api/v1/chats').send({ clientId: 'a secret' });
    expectProblem(
      response,
      problem('VALIDATION', 400, 'The request is not valid.', {
        details: { issues: [{ path: 'clientId', problem: expect.any(String) }] },
      }),
    );
    expect(response.text).not.toContain('a secret');
  });

  it('reads no field from a prototype', async () => {
    const response = await post('/api/v1/chats')
      .set('content-type', 'application/json')
      .send('{"__proto__": {"clientId": 5}, "constructor": 1}');
    expectProblem(response, invalid);
  });

  it('refuses a body that is too large', async () => {
    expectProblem(
      await post('/api/v1/chats').send({ clientId: 1, padding: 'x'.repeat(64 * 1024) }),
      problem('TOO_LARGE', 413, 'The request is larger than allowed; send less.'),
    );
  });

  it.each(['/api/v1/nowhere', '/api/v1', '/nowhere', '/api/v2/chats', '/api/v1/chats/a/b/c'])(
    'knows no route %s',
    async (path) => {
      expectProblem(await get(path), problem('ROUTE_NOT_FOUND', 404, 'There is no such route.'));
    },
  );

  it.each<[string, string | undefined]>([
    ['no token', undefined],
    ['a bad token', 'Bearer nonsense'],
    ['another scheme', `Basic ${tokenOf(owner)}`],
    ['a bare token', tokenOf(owner)],
    ['an expired one', `Bearer ${tokenOf(owner, -1)}`],
  ])('refuses %s without saying more', async (_, authorization) => {
    const ask = request(gateway.url).get(`/api/v1/chats/${gateway.stubs.newChat().id}`);
    expectProblem(
      await (authorization === undefined ? ask : ask.set('authorization', authorization)),
      problem('UNAUTHORIZED', 401, 'A valid token is needed.'),
    );
  });

  it('ignores a token in the query', async () => {
    expectProblem(
      await request(gateway.url).get(`/api/v1/chats?token=${tokenOf(owner)}`),
      problem('UNAUTHORIZED', 401, 'A valid token is needed.'),
    );
  });

  it('returns the same error for every invalid chat id', async () => {
    for (const id of [randomUUID(), 'not-an-id', '*'])
      expectProblem(
        await get(`/api/v1/chats/${id}`),
        problem('CHAT_NOT_FOUND', 404, 'There is no such chat.'),
      );
  });

  it('returns a failure with its details, and hides an unexpected error', async () => {
    const before = gateway.stubs.openChat;
    gateway.stubs.openChat = () => Promise.reject(new Failure('CHAT_CONFLICT', { adminId: 9 }));
    expectProblem(
      await post('/api/v1/chats'),
      problem('CHAT_CONFLICT', 409, 'The state of the chat does not allow this; reload the chat.', {
        details: { adminId: 9 },
      }),
    );
    gateway.stubs.openChat = () => Promise.reject(new Error('password=secret'));
    const response = await post('/api/v1/chats');
    expectProblem(response, problem('INTERNAL', 500, 'Something went wrong on our side.'));
    expect(response.text).not.toContain('secret');
    gateway.stubs.openChat = before;
  });

  it('returns UNAVAILABLE when no service replies', async () => {
    expectProblem(
      await get('/api/v1/chats'),
      problem('UNAVAILABLE', 503, 'Not available right now; try again in a moment.', { retryable: true }),
    );
  });
});

describe('a port', () => {
  it('in use is named in the error', async () => {
    const { port } = new URL(gateway.url);
    const again = createGateway(aConfig({ NATS_URL: gateway.nats.url('gateway'), PORT: port }), silent);
    await expect(again).rejects.toThrow(ConfigError);
    await expect(again).rejects.toThrow(`PORT: ${port} is taken`);
  });
});

describe('health', () => {
  let own: TestGateway;
  beforeAll(async () => {
    own = await startGateway();
  });
  afterAll(() => own.stop());
  const ready = async (): Promise<[number, unknown]> => {
    const { status, text } = await request(own.url).get('/readyz');
    return [status, JSON.parse(text)];
  };

  it('is ready while all services reply, and names the one that does not', async () => {
    expect(await ready()).toEqual([200, { ready: true, missing: [] }]);
    await own.stubs.presence.close();
    expect(await ready()).toEqual([503, { ready: false, missing: ['presence-service'] }]);
    await own.stubs.message.close();
    expect(await ready()).toEqual([503, { ready: false, missing: ['message-service', 'presence-service'] }]);
    await own.nats.kill();
    await waitFor(
      async () => (await ready())[0] === 503 && JSON.stringify(await ready()).includes('"nats"'),
      { what: 'NATS to be missed' },
    );
    expect((await request(own.url).get('/livez')).body).toEqual({ live: true });
    await own.nats.restart();
    await waitFor(
      async () =>
        JSON.stringify(await ready()) ===
        JSON.stringify([503, { ready: false, missing: ['message-service', 'presence-service'] }]),
      { what: 'the rest to be there again' },
    );
  });
});

describe('before NATS is there', () => {
  it('the gateway is live and reports that it is not ready', async () => {
    const nats = await startNats();
    await nats.stop();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const starting = createGateway(aConfig({ NATS_URL: nats.url('gateway'), PORT: String(port) }), silent);
    await waitFor(async () => (await request(url).get('/livez')).status === 200, {
      what: 'the gateway to live',
    });
    expect((await request(url).get('/readyz')).body).toEqual({ ready: false, missing: ['started'] });
    expectProblem(
      await request(url).get('/api/v1/chats').set('authorization', bearer),
      problem('UNAVAILABLE', 503, 'Not available right now; try again in a moment.', { retryable: true }),
    );
    await nats.restart();
    const missing = ['chat-service', 'message-service', 'presence-service', 'started'];
    await waitFor(
      async () =>
        JSON.stringify((await request(url).get('/readyz')).body) ===
        JSON.stringify({ ready: false, missing }),
      { what: 'the gateway to find NATS' },
    );
    // Nobody is let in before it is known whose tokens were revoked.
    const early = new Client(url, { auth: { token: tokenOf(owner) } });
    expect((await early.refused()).message).toBe('websocket error');
    early.close();
    const stubs = await Stubs.start(nats);
    const started = await starting;
    expect((await request(url).get('/readyz')).body).toEqual({ ready: true, missing: [] });
    await started.stop();
    await stubs.stop();
    await nats.stop();
  });
});
