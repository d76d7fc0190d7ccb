import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { webhookContracts } from '@switchboard/shared/contracts';
import request, { type Response } from 'supertest';
import { z } from 'zod';
import { mintToken } from '@switchboard/infra/test';
import { owner, SECRET, tokenOf } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';

// The webhook API where no webhook-service runs on purpose, and where it is away.

const machine = mintToken(SECRET, { role: 'service', name: 'crm' });
const routes = Object.values(webhookContracts).flatMap((contract) => contract.http ?? []);
const pathOf = (path: string): string => `/api/v1${path.replace(':webhookId', randomUUID())}`;

const call = (
  gateway: TestGateway,
  { method, path }: Pick<(typeof routes)[number], 'method' | 'path'>,
  token: string,
) => request(gateway.url)[method](pathOf(path)).set('authorization', `Bearer ${token}`);
const Problem = z.object({ code: z.string(), retryable: z.boolean() });
const told = ({ status, text, headers }: Response) => ({
  status,
  ...Problem.parse(JSON.parse(text)),
  retryAfter: headers['retry-after'],
});

describe.each([
  ['false', { status: 501, code: 'NOT_CONFIGURED', retryable: false, retryAfter: undefined }],
  ['true', { status: 503, code: 'UNAVAILABLE', retryable: true, retryAfter: '1' }],
])('with WEBHOOKS=%s and no webhook-service', (WEBHOOKS, expected) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ WEBHOOKS });
  });
  afterAll(() => gateway.stop());

  it('a machine reads whether a retry may help', async () => {
    const list = { method: 'get', path: '/admin/webhooks' } as const;
    expect(told(await call(gateway, list, machine))).toEqual(expected);
  });

  it.each(routes)('a user gets the same refusal as ever from $method $path', async (route) => {
    expect(told(await call(gateway, route, tokenOf(owner)))).toMatchObject({
      status: 403,
      code: 'FORBIDDEN',
    });
  });
});

describe('with WEBHOOKS=false', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ WEBHOOKS: 'false' });
  });
  afterAll(() => gateway.stop());

  it.each(routes)('$method $path is not configured, whatever the payload', async (route) => {
    expect(told(await call(gateway, route, machine))).toMatchObject({ status: 501, code: 'NOT_CONFIGURED' });
  });

  it('the rest of the API works', async () => {
    const chat = gateway.stubs.newChat();
    const response = await request(gateway.url)
      .get(`/api/v1/chats/${chat.id}`)
      .set('authorization', `Bearer ${tokenOf(owner)}`);
    expect(response.status).toBe(200);
  });
});
