import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { waitFor } from '@switchboard/infra/test';
import { admin, owner, SECRET, tokenOf } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let gateway: TestGateway;
let lenient: TestGateway;
beforeAll(async () => {
  [gateway, lenient] = await Promise.all([startGateway(), startGateway({ AUTH_QUERY_TOKEN: 'true' })]);
});
afterAll(() => Promise.all([gateway.stop(), lenient.stop()]));

const REFUSED = {
  message: 'A valid token is needed.',
  data: { code: 'UNAUTHORIZED', retryable: false, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) },
};

describe('a token is read', () => {
  it('from auth', async () => {
    expect((await gateway.open({ auth: { token: tokenOf(owner) } }).connected()).socket.connected).toBe(true);
  });

  it.each([['websocket'], ['polling']])('from the Authorization header, over %s', async (transport) => {
    for (const scheme of ['Bearer', 'bearer']) {
      const client = gateway.open({
        extraHeaders: { authorization: `${scheme} ${tokenOf(owner)}` },
        transports: [transport],
      });
      expect((await client.connected()).socket.connected).toBe(true);
    }
  });

  it('from the query only if the configuration allows it', async () => {
    expect((await lenient.open({ query: { token: tokenOf(owner) } }).connected()).socket.connected).toBe(
      true,
    );
    expect(await gateway.open({ query: { token: tokenOf(owner) } }).refused()).toEqual(REFUSED);
  });

  it('from auth first', async () => {
    expect(
      await lenient
        .open({
          auth: { token: 'wrong' },
          query: { token: tokenOf(owner) },
          extraHeaders: { authorization: `Bearer ${tokenOf(owner)}` },
        })
        .refused(),
    ).toEqual(REFUSED);
  });
});

describe('a refusal', () => {
  const claims = { sub: '1', email: 'a@b.c', role: 'client', exp: Math.floor(Date.now() / 1000) + 60 };
  const sign = (change: Record<string, unknown>, secret = SECRET, options: jwt.SignOptions = {}) =>
    jwt.sign({ ...claims, ...change }, secret, options);
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;

  it.each<[string, Record<string, unknown>]>([
    ['no token', {}],
    ['a token that is no string', { token: { toString: 'x' } }],
    ['a list of tokens', { token: [tokenOf(owner)] }],
    ['an empty token', { token: '' }],
    ['nonsense', { token: 'nonsense' }],
    ['bad signature', { token: sign({}, 'another secret of thirty-two bytes') }],
    ['alg none', { token: unsigned }],
    ['not the configured alg', { token: sign({}, SECRET, { algorithm: 'HS512' }) }],
    ['expired', { token: sign({ exp: 1 }) }],
    ['not yet valid', { token: sign({ nbf: claims.exp }) }],
    ['no exp', { token: jwt.sign({ sub: '1', email: 'a@b.c', role: 'client' }, SECRET) }],
    ['an id that is none', { token: sign({ sub: 'a\0' }) }],
    ['an unknown role', { token: sign({ role: 'root' }) }],
    ['very long', { token: sign({ padding: 'x'.repeat(10_000) }) }],
  ])('does not say which check failed: %s', async (_, auth) => {
    expect(await gateway.open({ auth }).refused()).toEqual(REFUSED);
  });
});

describe('a connection', () => {
  it('ends when its token expires, and other connections stay', async () => {
    const client = await gateway.connect(owner, { auth: { token: tokenOf(owner, 2) } });
    const other = await gateway.connect(admin);
    const reasons: string[] = [];
    client.socket.on('disconnect', (reason) => {
      reasons.push(reason);
    });
    const began = Date.now();
    await waitFor(() => reasons.length > 0, { what: 'the connection to end' });
    expect(reasons).toEqual(['io server disconnect']);
    expect(Date.now() - began).toBeLessThan(2_500);
    expect(other.socket.connected).toBe(true);
  });

  it('acts for the user in the token', async () => {
    const chat = gateway.stubs.newChat();
    const client = await gateway.connect(admin);
    expect(await client.request('sendMessage', { chatId: chat.id, message: { text: 'hi' } })).toMatchObject({
      data: { senderId: admin.id, sender: admin },
    });
  });
});
