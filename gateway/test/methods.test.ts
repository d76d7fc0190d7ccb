import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { requestContracts } from '@switchboard/shared/contracts';
import { codes, ERRORS, Failure } from '@switchboard/shared/errors';
import { mintToken } from '@switchboard/infra/test';
import request from 'supertest';
import { z } from 'zod';
import { owner, SECRET, tokenOf } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';

const Problem = z.object({ code: z.string() });

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const tokens = {
  user: tokenOf(owner),
  machine: mintToken(SECRET, { name: 'crm', role: 'service' }),
  service: '',
};

/** Every route that a client can reach, once per method. */
const routes = [
  ...requestContracts.flatMap(({ http, caller }) =>
    http === undefined ? [] : { method: http.method, path: `/api/v1${http.path}`, token: tokens[caller] },
  ),
  { method: 'post', path: '/api/v1/files', token: tokens.user },
  { method: 'get', path: '/api/v1/files/:fileId', token: tokens.user },
  { method: 'get', path: '/livez', token: '' },
  { method: 'get', path: '/readyz', token: '' },
];
const byPath = Map.groupBy(routes, ({ path }) => path);
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const;
const methodsOf = (path: string): string[] =>
  (byPath.get(path) ?? []).flatMap(({ method }) => (method === 'get' ? ['get', 'head'] : [method]));
const withIds = (path: string): string => path.replaceAll(/:\w+/g, () => randomUUID());

describe.each([...byPath.keys()])('%s', (path) => {
  it('answers every other method with 405 and the methods that it has', async () => {
    const others = METHODS.filter((method) => !methodsOf(path).includes(method));
    expect(others).not.toEqual([]);
    for (const method of others) {
      const response = await request(gateway.url)[method](withIds(path));
      expect([method, response.status]).toEqual([method, 405]);
      expect(response.headers['allow']?.split(', ').toSorted()).toEqual(
        methodsOf(path)
          .map((name) => name.toUpperCase())
          .toSorted(),
      );
      if (method !== 'head') expect(JSON.parse(response.text)).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
    }
  });
});

const withBody = routes.filter(
  ({ path, method }) => path !== '/api/v1/files' && /^(post|patch|delete)$/.test(method),
);

describe.each(withBody)('$method $path', ({ method, path, token }) => {
  const send = async (headers: Record<string, string>, body: string) => {
    const response = await fetch(`${gateway.url}${withIds(path)}`, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${token}`, ...headers },
      body,
    });
    return [response.status, Problem.parse(await response.json()).code, response.headers.get('accept')];
  };

  it.each<[string, Record<string, string>, string]>([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'clientId=1'],
    ['plain text', { 'content-type': 'text/plain' }, '{}'],
    ['XML', { 'content-type': 'application/xml' }, '<a/>'],
    ['JSON in another charset', { 'content-type': 'application/json; charset=latin1' }, '{}'],
    ['an unknown compression', { 'content-type': 'application/json', 'content-encoding': 'x-unknown' }, 'x'],
  ])('answers %s with 415 and the types that it reads', async (_what, headers, body) => {
    expect(await send(headers, body)).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      'application/json, application/merge-patch+json',
    ]);
  });
});

describe('a failure that may pass', () => {
  const retryable = codes.filter((code) => ERRORS[code].retryable);
  const failWith = async (failure: Failure) => {
    const before = gateway.stubs.openChat;
    gateway.stubs.openChat = () => Promise.reject(failure);
    const { headers, status } = await request(gateway.url)
      .post('/api/v1/chats')
      .set('authorization', `Bearer ${tokens.user}`);
    gateway.stubs.openChat = before;
    return [status, headers['retry-after']];
  };

  it.each(retryable)('%s says when to try again', async (code) => {
    expect(await failWith(new Failure(code))).toEqual([ERRORS[code].status, '1']);
    expect(await failWith(new Failure(code, { retryAfterMs: 2_500 }))).toEqual([ERRORS[code].status, '3']);
    expect(await failWith(new Failure(code, { retryAfterMs: 0 }))).toEqual([ERRORS[code].status, '1']);
  });

  it('is not one that stays', async () => {
    expect(await failWith(new Failure('CHAT_CONFLICT'))).toEqual([409, undefined]);
  });
});
