import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { InternalServer, readiness } from '@switchboard/shared/runtime';

describe('readiness', () => {
  it('is true while every check passes', async () => {
    expect(await readiness({ nats: () => true, postgres: () => Promise.resolve(true) })).toEqual({
      ready: true,
      missing: [],
    });
  });

  it('names the checks that fail, throw or do not return, in parallel within a second', async () => {
    const began = performance.now();
    const state = await readiness({
      there: () => true,
      absent: () => false,
      throwing: () => {
        throw new Error('x');
      },
      failing: () => Promise.reject(new Error('x')),
      hanging: () => new Promise(() => undefined),
      alsoHanging: () => new Promise(() => undefined),
    });
    expect(state).toEqual({
      ready: false,
      missing: ['absent', 'throwing', 'failing', 'hanging', 'alsoHanging'],
    });
    expect(performance.now() - began).toBeLessThan(1_800);
  });
});

it('readiness names an optional dependency that is away, and why, and is still true', async () => {
  const optional = { files: () => 'the bucket is gone', cache: () => false, other: () => true };
  expect(await readiness({ nats: () => true }, '', optional)).toEqual({
    ready: true,
    missing: [],
    degraded: { files: 'the bucket is gone', cache: 'it is not available' },
  });
});

it('readiness leaves out only the excluded checks', async () => {
  const checks = { nats: () => true, chat: () => false, message: () => false };
  expect(await readiness(checks, 'exclude=chat&exclude=message')).toEqual({ ready: true, missing: [] });
  expect(await readiness(checks, 'exclude=chat&exclude=other&exclude=')).toEqual({
    ready: false,
    missing: ['message'],
  });
});

describe('the internal server', () => {
  let server: InternalServer;
  afterEach(() => server.close());

  const get = async (path: string): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${server.url}${path}`, { headers: { connection: 'close' } });
    return { status: response.status, body: await response.json() };
  };

  it('is live at once, and ready only between start and stop', async () => {
    let isThere = true;
    server = await InternalServer.listen('127.0.0.1', 0);
    expect(await get('/livez')).toEqual({ status: 200, body: { live: true } });
    expect(await get('/readyz')).toEqual({ status: 503, body: { ready: false, missing: ['started'] } });

    server.waits({ what: 'schema', why: 'it is too old' });
    expect(await get('/readyz')).toEqual({
      status: 503,
      body: { ready: false, missing: ['schema'], why: { schema: 'it is too old' } },
    });
    server.waits(undefined);
    expect(await get('/readyz')).toEqual({ status: 503, body: { ready: false, missing: ['started'] } });

    server.serve({ nats: () => isThere });
    expect(await get('/readyz')).toEqual({ status: 200, body: { ready: true, missing: [] } });
    isThere = false;
    expect(await get('/readyz')).toEqual({ status: 503, body: { ready: false, missing: ['nats'] } });
    expect(await get('/readyz?exclude=nats')).toEqual({ status: 200, body: { ready: true, missing: [] } });

    server.withdraw();
    expect(await get('/readyz')).toEqual({ status: 503, body: { ready: false, missing: ['stopping'] } });
    expect(await get('/livez')).toMatchObject({ status: 200 });
  });

  it('serves only its own and the given routes', async () => {
    server = await InternalServer.listen('127.0.0.1', 0);
    server.serve({}, [
      ({ url }, response) => {
        if (url === '/mine') response.end('{"mine":true}');
        return url === '/mine';
      },
    ]);
    expect(await get('/mine')).toEqual({ status: 200, body: { mine: true } });
    expect(await get('/')).toMatchObject({ status: 404 });
  });

  it('closes unused connections, and lets a response in progress finish', async () => {
    server = await InternalServer.listen('127.0.0.1', 0);
    const begun = Promise.withResolvers<ServerResponse>();
    server.serve({}, [
      (_request, response) => {
        begun.resolve(response);
        return true;
      },
    ]);
    const unused = connect(server.port, '127.0.0.1');
    await once(unused, 'connect');
    const request = get('/slow');
    const response = await begun.promise;
    const closed = server.close();
    await once(unused, 'close');
    response.end('{"done":true}');
    expect(await request).toEqual({ status: 200, body: { done: true } });
    await closed;
  });
});
