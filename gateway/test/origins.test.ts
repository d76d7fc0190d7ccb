import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { EXPOSED_HEADERS } from '../src/http/cors.ts';
import { FileBytes } from './file-bytes.ts';
import { owner, tokenOf } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';

const SHOP = 'https://shop.example';
const APPS = [
  'capacitor://localhost',
  'ionic://localhost',
  'tauri://localhost',
  'chrome-extension://abcdefghijklmnop',
  'app://.',
];
const OTHERS = [
  'https://evil.example',
  'null',
  'https://shop.example.evil',
  'https://shop.example:8443',
  'capacitor://evil',
  'capacitor://localhost:1',
];

let open: TestGateway;
let choosy: TestGateway;
beforeAll(async () => {
  [open, choosy] = await Promise.all([
    startGateway(),
    startGateway({ ALLOWED_ORIGINS: [SHOP, 'http://localhost:8080', ...APPS].join(', ') }),
  ]);
});
afterAll(() => Promise.all([open.stop(), choosy.stop()]));

/** Every way in for a page, with the status of a request that is let through. */
const WAYS = [
  ['the API', '/api/v1/chats/nowhere', 401],
  ['polling', '/socket.io/?EIO=4&transport=polling', 200],
] as const;

const get = (gateway: TestGateway, path: string, origin: string, host?: string) => {
  const asked = request(gateway.url).get(path).set('origin', origin);
  return host === undefined ? asked : asked.set('host', host);
};
const preflight = (gateway: TestGateway, path: string, origin: string, headers?: string) => {
  const asked = request(gateway.url)
    .options(path)
    .set('origin', origin)
    .set('access-control-request-method', 'POST');
  return headers === undefined ? asked : asked.set('access-control-request-headers', headers);
};
const allowedOf = ({ headers }: request.Response) => [
  headers['access-control-allow-origin'],
  headers['access-control-allow-credentials'],
];

describe.each(WAYS)('%s', (_way, path, status) => {
  it('allows pages of any origin without cookies by default', async () => {
    for (const response of [await get(open, path, SHOP), await preflight(open, path, SHOP)])
      expect(allowedOf(response)).toEqual(['*', undefined]);
  });

  it.each([SHOP, 'http://localhost:8080', ...APPS])(
    'allows %s by name and with cookies when it is listed',
    async (origin) => {
      const response = await get(choosy, path, origin);
      expect([response.status, ...allowedOf(response)]).toEqual([status, origin, 'true']);
      expect(response.headers['vary']).toMatch(/\bOrigin\b/);
      expect(allowedOf(await preflight(choosy, path, origin))).toEqual([origin, 'true']);
    },
  );

  it.each(OTHERS)('does not allow %s when it is not listed', async (origin) => {
    const response = await get(choosy, path, origin);
    expect(allowedOf(response)).toEqual([undefined, undefined]);
    expect(response.headers['vary']).toMatch(/\bOrigin\b/);
  });

  it.each([
    ['http://chat.example:3000', 'chat.example:3000'],
    ['https://chat.example', 'chat.example'],
    ['https://chat.example', 'chat.example:443'],
    ['wss://chat.example', 'chat.example'],
  ])("allows the gateway's own host: %s as %s", async (origin, host) => {
    const response = await get(choosy, path, origin, host);
    expect([response.status, ...allowedOf(response)]).toEqual([status, origin, 'true']);
  });

  it.each([
    ['https://chat.example', 'chat.example.evil'],
    ['https://chat.example:8443', 'chat.example'],
    ['capacitor://chat.example', 'chat.example'],
  ])('does not take %s for its own host %s', async (origin, host) => {
    expect(allowedOf(await get(choosy, path, origin, host))).toEqual([undefined, undefined]);
  });

  it('allows every request header that a preflight names', async () => {
    const headers = 'authorization,baggage,sentry-trace,x-datadog-trace-id,if-range';
    const response = await preflight(open, path, SHOP, headers);
    expect([response.status, response.headers['access-control-allow-headers']]).toEqual([204, headers]);
    expect(response.headers['vary']).toMatch(/\bAccess-Control-Request-Headers\b/);
  });
});

describe('a WebSocket', () => {
  const connect = (gateway: TestGateway, origin: string) =>
    gateway.open({ auth: { token: tokenOf(owner) }, extraHeaders: { origin } });

  it.each(APPS)('opens for %s when it is listed', async (origin) => {
    expect((await connect(choosy, origin).connected()).socket.connected).toBe(true);
  });

  it("opens for the gateway's own host", async () => {
    for (const scheme of ['http', 'https', 'ws']) {
      const origin = choosy.url.replace('http', scheme);
      expect((await connect(choosy, origin).connected()).socket.connected).toBe(true);
    }
  });

  it('does not open for an origin that is not listed', async () => {
    expect((await connect(choosy, 'https://evil.example').refused()).message).toBe('websocket error');
  });
});

it('takes the host that a trusted proxy forwards', async () => {
  const behind = await startGateway({ ALLOWED_ORIGINS: SHOP, TRUSTED_PROXY_HOPS: '1' });
  const ask = (gateway: TestGateway) =>
    get(gateway, WAYS[1][1], 'https://chat.example').set('x-forwarded-host', 'chat.example');
  expect((await ask(behind)).status).toBe(200);
  expect((await ask(choosy)).status).toBe(403);
  await behind.stop();
});

/** Headers that pages may read anyway, or that are for the browser and its connection alone. */
const NOT_FOR_PAGES =
  /^(cache-control|content-length|content-type|vary|date|connection|keep-alive|transfer-encoding|access-control-.*|cross-origin-.*|x-.*|content-security-policy|strict-transport-security|referrer-policy|origin-agent-cluster)$/;

it('exposes to pages every header of its responses that they may need', async () => {
  const files = await FileBytes.start(open.stubs);
  const authorization = `Bearer ${tokenOf(owner)}`;
  const file = await request(open.url)
    .post('/api/v1/files')
    .set({ authorization })
    .attach('file', Buffer.from('x'), 'x.txt');
  const path = `/api/v1/files/${(file.body as { id: string }).id}`;
  const ask = (range: string) => request(open.url).get(path).set({ authorization, range });
  const responses = [
    file,
    await ask(''),
    await ask('bytes=0-0'),
    await ask('bytes=5-'),
    await request(open.url).post('/api/v1/chats').set({ authorization }),
    await request(open.url).get('/api/v1/nowhere'),
  ];
  const names = new Set(responses.flatMap(({ headers }) => Object.keys(headers)));
  const exposed = new Set<string>(EXPOSED_HEADERS.map((name) => name.toLowerCase()));
  expect([...names].filter((name) => !NOT_FOR_PAGES.test(name) && !exposed.has(name))).toEqual([]);
  expect([...names]).toEqual(expect.arrayContaining(['content-disposition', 'content-range', 'etag']));
  await files.stop();
});
