import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import { post } from '../src/post.ts';
import { createUrlRules } from '../src/url-rules.ts';

/** A resolver: the first lookup of a name returns its first addresses, the second the next, and so on. */
const names = (meanings: Record<string, string[][]>) => (hostname: string) => {
  const addresses = meanings[hostname]?.shift() ?? [];
  if (addresses.length === 0)
    return Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
  return Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
};

const problemOf = async (url: string, meanings: Record<string, string[][]> = {}): Promise<unknown> => {
  try {
    await createUrlRules(false, names(meanings)).requireAllowed(url);
    return undefined;
  } catch (error) {
    return error instanceof Failure ? error.details : error;
  }
};
const refusal = (problem: string) => ({ issues: [{ path: 'url', problem }] });

describe('at registration', () => {
  it('allows the URL of a public host', async () => {
    expect(
      await problemOf('https://crm.example/hook', { 'crm.example': [['93.184.216.34', '2606:4700::1']] }),
    ).toBeUndefined();
    expect(await problemOf('https://93.184.216.34:8443/hook')).toBeUndefined();
  });

  it('refuses plain http', async () => {
    expect(await problemOf('http://crm.example/hook', { 'crm.example': [['93.184.216.34']] })).toEqual(
      refusal('must begin with https://'),
    );
  });

  it.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://10.1.2.3/',
  ])('%s is refused', async (url) => {
    expect(await problemOf(url)).toEqual(refusal('must not name an address that is not public'));
  });

  it('refuses a name when one of its addresses is not public', async () => {
    const sentence = refusal('must not name a host with an address that is not public');
    expect(await problemOf('https://inside.example/', { 'inside.example': [['10.0.0.1']] })).toEqual(
      sentence,
    );
    expect(await problemOf('https://half.example/', { 'half.example': [['93.184.216.34', '::1']] })).toEqual(
      sentence,
    );
    expect(await problemOf('https://nowhere.example/')).toEqual(refusal('its host was not found'));
  });

  it('refuses localhost by its resolved address', async () => {
    await expect(createUrlRules(false).requireAllowed('https://localhost/')).rejects.toMatchObject({
      code: 'VALIDATION',
    });
  });

  it('allows all of that when private addresses are allowed', async () => {
    for (const url of ['http://127.0.0.1/', 'http://nowhere.example/'])
      await createUrlRules(true, names({})).requireAllowed(url);
  });
});

describe('at delivery', () => {
  let server: Server;
  let port: number;
  let connections = 0;
  beforeAll(async () => {
    server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  });
  beforeEach(() => {
    connections = 0;
  });
  afterAll(() => {
    server.close();
  });

  const to = (url: string, rules: ReturnType<typeof createUrlRules>) =>
    post({ url, headers: {}, body: '{}', timeoutMs: 5_000 }, rules);

  it('does not connect when the name now resolves to a private address', async () => {
    const rules = createUrlRules(false, names({ 'rebound.example': [['93.184.216.34'], ['127.0.0.1']] }));
    await rules.requireAllowed(`https://rebound.example:${port}/`);
    expect(await to(`https://rebound.example:${port}/`, rules)).toEqual({
      error: 'the URL must not name a host with an address that is not public',
    });
    expect(connections).toBe(0);
  });

  it('connects to the checked address: the name is looked up once', async () => {
    let asked = 0;
    const rules = createUrlRules(true, () => {
      asked += 1;
      return Promise.resolve([{ address: asked === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }]);
    });
    expect(await to(`http://once.example:${port}/`, rules)).toEqual({ error: 'ECONNRESET' });
    expect([asked, connections]).toEqual([1, 1]);
  });

  it('does not post to a private address in the URL or to plain http, also when it was registered before', async () => {
    const rules = createUrlRules(false);
    expect(await to(`https://127.0.0.1:${port}/`, rules)).toEqual({
      error: 'the URL must not name an address that is not public',
    });
    expect(await to(`http://127.0.0.1:${port}/`, rules)).toEqual({
      error: 'the URL must begin with https://',
    });
    expect(await to(`https://localhost:${port}/`, rules)).toEqual({
      error: 'the URL must not name a host with an address that is not public',
    });
    expect(connections).toBe(0);
  });
});
