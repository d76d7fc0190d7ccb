import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { featureNames } from '@switchboard/shared/contracts';
import request from 'supertest';
import { mintToken } from '@switchboard/infra/test';
import { admin, owner, SECRET, tokenOf, upTo } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';

const EVENTS_PER_SECOND = 2;
const FILE_BYTES = 1_000;

let limited: TestGateway;
let unlimited: TestGateway;
beforeAll(async () => {
  [limited, unlimited] = await Promise.all([
    startGateway({ RATE_LIMIT_EVENTS: String(EVENTS_PER_SECOND), MAX_FILE_BYTES: String(FILE_BYTES) }),
    startGateway(),
  ]);
});
afterAll(() => Promise.all([limited.stop(), unlimited.stop()]));

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const capabilities = {
  version: manifest.version,
  features: featureNames,
  limits: {
    textLength: 8_000,
    frameBytes: 1024 * 1024,
    fileBytes: FILE_BYTES,
    eventsPerSecond: EVENTS_PER_SECOND,
    burst: 4 * EVENTS_PER_SECOND,
  },
};

describe('ready', () => {
  it.each(['websocket', 'polling'])(
    'says what the server supports and enforces, over %s',
    async (transport) => {
      const client = await limited.connect(
        { ...admin, id: 20 + transport.length },
        { transports: [transport] },
      );
      await client.request('getActiveUsers', limited.stubs.newChat().id);
      const { serverTime = '', ...rest } = client.ready ?? {};
      expect(rest).toEqual({ ...capabilities, userId: 20 + transport.length, role: 'admin' });
      expect(Math.abs(Date.parse(serverTime) - Date.now())).toBeLessThan(5_000);
    },
  );

  it('is the first event of a socket, also when its token is about to end', async () => {
    const client = await unlimited.connect(owner, { auth: { token: tokenOf(owner, 30) } });
    await client.receives('tokenExpiring');
    expect(client.arrivals).toEqual(['ready', 'tokenExpiring']);
  });

  it('comes with every connection', async () => {
    const client = await unlimited.connect();
    client.socket.disconnect().connect();
    await client.connected();
    await client.request('getActiveUsers', unlimited.stubs.newChat().id);
    expect(client.arrivals).toEqual(['ready', 'ready']);
  });

  it('names no rate where there is none', async () => {
    const client = await unlimited.connect();
    await client.request('getActiveUsers', unlimited.stubs.newChat().id);
    expect(Object.keys(client.ready?.limits ?? {})).toEqual(['textLength', 'frameBytes', 'fileBytes']);
  });
});

describe('the limits that it names', () => {
  it('are those of a text', async () => {
    const chatId = unlimited.stubs.newChat().id;
    const client = await unlimited.connect();
    const send = (length: number) =>
      client.request('sendMessage', { chatId, message: { text: 'x'.repeat(length) } });
    expect((await send(capabilities.limits.textLength)).event).toBe('messageSent');
    expect((await send(capabilities.limits.textLength + 1)).code).toBe('VALIDATION');
  });

  it('are those of a socket', async () => {
    const client = await limited.connect({ ...owner, id: 30 });
    const { id } = limited.stubs.newChat();
    const replies = await Promise.all(upTo(12).map(() => client.request('getActiveUsers', id)));
    const { burst } = capabilities.limits;
    expect(replies.slice(0, burst).map(({ event }) => event)).toEqual(upTo(burst).map(() => 'activeUsers'));
    expect(replies.slice(burst).map(({ code }) => code)).toContain('RATE_LIMITED');
  });

  it('are those of a file', async () => {
    const upload = request(limited.url)
      .post('/api/v1/files')
      .set('authorization', `Bearer ${tokenOf({ ...owner, id: 31 })}`)
      .attach('file', Buffer.alloc(FILE_BYTES + 20_000), 'x.bin');
    expect((await upload).status).toBe(413);
  });
});

describe('GET /api/v1/limits', () => {
  const get = (token?: string) => {
    const asked = request(limited.url).get('/api/v1/limits');
    return token === undefined ? asked : asked.set('authorization', `Bearer ${token}`);
  };

  it('returns the same to users, with a token', async () => {
    for (const actor of [owner, admin]) {
      const response = await get(tokenOf({ ...actor, id: 40 }));
      expect([response.status, response.body]).toEqual([200, capabilities]);
    }
    expect((await get()).body).toMatchObject({ code: 'UNAUTHORIZED' });
    expect((await get(mintToken(SECRET, { name: 'crm', role: 'service' }))).body).toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('has no other method and no parameters', async () => {
    const token = `Bearer ${tokenOf({ ...owner, id: 41 })}`;
    const posted = await request(limited.url).post('/api/v1/limits').set('authorization', token);
    expect([posted.status, posted.headers['allow']]).toEqual([405, 'GET, HEAD']);
    const asked = request(limited.url).get('/api/v1/limits?limit=1').set('authorization', token);
    expect((await asked).body).toMatchObject({ code: 'VALIDATION' });
  });
});
