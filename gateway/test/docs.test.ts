import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startGateway, type TestGateway } from './gateway.ts';

let gateway: TestGateway;
let quiet: TestGateway;
beforeAll(async () => { [gateway, quiet] = await Promise.all([startGateway(), startGateway({ DOCS: 'false' })]); });
afterAll(() => Promise.all([gateway.stop(), quiet.stop()]));

describe('the contracts', () => {
  it('are shown to people, without a script', async () => {
    const { text, status, type } = await request(gateway.url).get('/docs/');
    expect([status, type]).toEqual([200, 'text/html']);
    for (const name of ['sendMessage', 'newMessage', 'POST /chats', 'message.created', 'internal.chat.v1.lookUp', 'CHAT_CLOSED']) expect(text).toContain(name);
    expect(text).not.toContain('<script');
    expect((await request(gateway.url).get('/docs')).headers['location']).toBe('/docs/');
  });

  it.each([['asyncapi', { asyncapi: '3.0.0' }], ['openapi', { openapi: '3.1.1' }], ['schemas', { 'NATS message.v1.send payload': { type: 'object' } }]])('are told to machines: %s.json', async (name, expected) => {
    const { body, status, type } = await request(gateway.url).get(`/docs/${name}.json`);
    expect([status, type]).toEqual([200, 'application/json']);
    expect(body).toMatchObject(expected);
  });

  it('are nobody\'s business where they are switched off, nor is what lies beside them', async () => {
    expect((await request(quiet.url).get('/docs/')).status).toBe(404);
    for (const path of ['/docs/../package.json', '/docs/%2e%2e/package.json', '/docs/nothing.json']) expect((await request(gateway.url).get(path)).status).toBe(404);
  });
});
