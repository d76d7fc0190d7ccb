import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startGateway, type TestGateway } from './gateway.ts';

let gateway: TestGateway;
let quiet: TestGateway;
beforeAll(async () => {
  [gateway, quiet] = await Promise.all([startGateway(), startGateway({ DOCS: 'false' })]);
});
afterAll(() => Promise.all([gateway.stop(), quiet.stop()]));

describe('the contracts', () => {
  it.each(['/', '/docs/', '/docs/internals.html'])(
    '%s is a page whose links lead to pages, over http as it came',
    async (path) => {
      const { text, headers } = await request(gateway.url).get(path).expect(200);
      expect(headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
      const links = [...text.matchAll(/href="([^"#]+)"/g)].map(([, link = '']) => link);
      expect(links.length).toBeGreaterThan(3);
      for (const link of new Set(links)) {
        const { pathname } = new URL(link, new URL(path, gateway.url));
        expect([link, (await request(gateway.url).get(pathname)).status]).toEqual([link, 200]);
      }
    },
  );

  it('are served as a page without a script', async () => {
    const { text, status, type } = await request(gateway.url).get('/docs/');
    expect([status, type]).toEqual([200, 'text/html']);
    for (const name of ['sendMessage', 'newMessage', 'POST /chats', 'message.created', 'CHAT_CLOSED'])
      expect(text).toContain(name);
    expect(text).not.toContain('<script');
    expect(text).not.toContain('internal.chat.v1.lookUp');
    expect((await request(gateway.url).get('/docs/internals.html')).text).toContain(
      'internal.chat.v1.lookUp',
    );
    expect((await request(gateway.url).get('/docs')).headers['location']).toBe('/docs/');
  });

  it.each([
    ['asyncapi', { asyncapi: '3.1.0' }],
    ['openapi', { openapi: '3.1.1' }],
    ['schemas', { 'NATS message.v1.send payload': { type: 'object' } }],
  ])('are served as %s.json', async (name, expected) => {
    const { body, status, type } = await request(gateway.url).get(`/docs/${name}.json`);
    expect([status, type]).toEqual([200, 'application/json']);
    expect(body).toMatchObject(expected);
  });

  it('are not served when switched off, nor are files beside them', async () => {
    expect((await request(quiet.url).get('/docs/')).status).toBe(404);
    expect((await request(quiet.url).get('/')).status).toBe(404);
    for (const path of ['/docs/../package.json', '/docs/%2e%2e/package.json', '/docs/nothing.json'])
      expect((await request(gateway.url).get(path)).status).toBe(404);
  });
});
