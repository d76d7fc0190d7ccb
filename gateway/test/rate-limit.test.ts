import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { mintToken } from '@switchboard/infra/test';
import { FileBytes } from './file-bytes.ts';
import { admin, owner, SECRET, tokenOf, upTo } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let gateway: TestGateway;
afterEach(() => gateway.stop());

const start = async (limits: Record<string, string>) => {
  gateway = await startGateway(limits);
};
const get = (path: string, token?: string) => {
  const asked = request(gateway.url).get(path);
  return token === undefined ? asked : asked.set('authorization', `Bearer ${token}`);
};
const limitsOf = ({ headers }: request.Response) => [headers['ratelimit-policy'], headers['ratelimit']];
/** The parameter `name` of a policy in the header `RateLimit`. */
const valueOf = ({ headers }: request.Response, policy: string, name: 'r' | 't') =>
  Number(new RegExp(`"${policy}"[^,]*;${name}=(\\d+)`).exec(headers['ratelimit'] ?? '')?.[1]);

const POLICIES = '"address";q=40;w=4, "user";q=16;w=4';

describe('with both limits', () => {
  beforeEach(() => start({ RATE_LIMIT_ADDRESS: '10', RATE_LIMIT_EVENTS: '2' }));

  it('a reply names the policies and what is left of them', async () => {
    const chat = gateway.stubs.newChat();
    const response = await get(`/api/v1/chats/${chat.id}`, tokenOf(owner));
    expect(limitsOf(response)).toEqual([POLICIES, '"address";r=39;t=1, "user";r=15;t=1']);
    const burst = await Promise.all(upTo(4).map(() => get(`/api/v1/chats/${chat.id}`, tokenOf(owner))));
    expect(Math.min(...burst.map((one) => valueOf(one, 'user', 'r')))).toBeLessThan(15);
    expect(valueOf(await get(`/api/v1/chats/${chat.id}`, tokenOf(admin)), 'user', 'r')).toBe(15);
  });

  it('a request without a user, and one of a machine, has only the limit of its address', async () => {
    const machine = mintToken(SECRET, { name: 'crm', role: 'service' });
    for (const response of [
      await get('/api/v1/chats'),
      await get('/api/v1/nowhere', tokenOf(owner)),
      await get('/api/v1/chats', machine),
      await request(gateway.url).put('/api/v1/chats'),
      await request(gateway.url).options('/api/v1/chats').set('origin', 'https://shop.example'),
    ])
      expect(limitsOf(response)).toEqual([
        '"address";q=40;w=4',
        expect.stringMatching(/^"address";r=3\d;t=1$/),
      ]);
  });

  it('events of the sockets of a user count as well', async () => {
    const client = await gateway.connect();
    const { id } = gateway.stubs.newChat();
    await Promise.all(upTo(4).map(() => client.request('getActiveUsers', id)));
    const left = valueOf(await get(`/api/v1/chats/${id}`, tokenOf(owner)), 'user', 'r');
    // A token for the connection, four events and this request; some have come back.
    expect(left).toBeGreaterThanOrEqual(10);
    expect(left).toBeLessThan(15);
  });

  it('a request that is refused for its user has them too, and the time of Retry-After', async () => {
    const { id } = gateway.stubs.newChat();
    const responses = await Promise.all(
      upTo(24).map(() => get(`/api/v1/chats/${id}`, tokenOf(owner)).set('origin', 'https://shop.example')),
    );
    const refused = responses.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const response of refused) {
      expect(response.headers['ratelimit-policy']).toBe(POLICIES);
      expect(valueOf(response, 'user', 'r')).toBe(0);
      expect(String(valueOf(response, 'user', 't'))).toBe(response.headers['retry-after']);
    }
    const granted = responses.filter(({ status }) => status === 200);
    expect(granted.length).toBeGreaterThanOrEqual(16);
    expect(granted.map((response) => valueOf(response, 'user', 'r'))).toContain(0);
  });

  it('a request that is refused for its address can be read by a page', async () => {
    const responses = await Promise.all(
      upTo(60).map(() => get('/api/v1/chats').set('origin', 'https://shop.example')),
    );
    const refused = responses.find(({ status }) => status === 429);
    expect(refused?.headers).toMatchObject({
      'ratelimit-policy': '"address";q=40;w=4',
      ratelimit: '"address";r=0;t=1',
      'retry-after': '1',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': expect.stringMatching(/\bRateLimit-Policy, RateLimit\b/),
    });
  });

  it('files have them', async () => {
    const files = await FileBytes.start(gateway.stubs);
    const authorization = `Bearer ${tokenOf(owner)}`;
    const upload = await request(gateway.url)
      .post('/api/v1/files')
      .set({ authorization })
      .attach('file', Buffer.from('0123456789'), 'x.txt');
    expect([upload.status, upload.headers['ratelimit-policy']]).toEqual([201, POLICIES]);
    const download = await get(`/api/v1/files/${(upload.body as { id: string }).id}`, tokenOf(owner));
    expect([download.status, download.headers['ratelimit-policy']]).toEqual([200, POLICIES]);
    await files.stop();
  });

  it.each(['/livez', '/readyz', '/docs/', '/nowhere'])('%s has none', async (path) => {
    expect(limitsOf(await get(path))).toEqual([undefined, undefined]);
  });
});

it('a flooding user reads how long the refusal lasts', async () => {
  await start({ RATE_LIMIT_EVENTS: '5' });
  const flooder = await gateway.connect();
  for (let n = 0; n < 1_500; n++) flooder.socket.emit('typing', {});
  await new Promise<void>((resolve) => {
    flooder.socket.on('disconnect', () => {
      resolve();
    });
  });
  const response = await get('/api/v1/chats', tokenOf(owner));
  expect(response.status).toBe(429);
  expect(valueOf(response, 'user', 't')).toBeGreaterThan(5);
  expect(String(valueOf(response, 'user', 't'))).toBe(response.headers['retry-after']);
}, 20_000);

it('without limits there are no headers', async () => {
  await start({});
  const response = await get(`/api/v1/chats/${gateway.stubs.newChat().id}`, tokenOf(owner));
  expect([response.status, ...limitsOf(response)]).toEqual([200, undefined, undefined]);
});

it('with one limit there is one policy', async () => {
  await start({ RATE_LIMIT_EVENTS: '0.1' });
  const { id } = gateway.stubs.newChat();
  const response = await get(`/api/v1/chats/${id}`, tokenOf(owner));
  expect([response.status, ...limitsOf(response)]).toEqual([200, '"user";q=1;w=4', '"user";r=0;t=4']);
  const refused = await get(`/api/v1/chats/${id}`, tokenOf(owner));
  expect([refused.status, ...limitsOf(refused)]).toEqual([429, '"user";q=1;w=4', '"user";r=0;t=4']);
});
