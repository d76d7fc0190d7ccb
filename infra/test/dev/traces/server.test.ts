import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { freePort, waitFor } from '@switchboard/infra/test';
import { exportRequest, sampleSpan, traceId } from './sample.ts';
import { startTracePage, type TracePage } from '../../../dev/traces/server.ts';

let page: TracePage;
beforeEach(async () => {
  page = await startTracePage({ port: 0 });
});
afterEach(() => page.stop());

const get = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${page.url}${path}`, { redirect: 'manual', ...init });

const post = (
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  get('/v1/traces', { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

/** Uses node:http, since fetch sets the Host header itself. */
function statusFor(host: string, path = '/'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: page.port, path, headers: { host } }, (response) => {
      resolve(response.resume().statusCode);
    })
      .once('error', reject)
      .end();
  });
}

describe('the page of traces', () => {
  it('shows received spans as a page and as JSON', async () => {
    const sent = await post(JSON.stringify(exportRequest()), {
      'content-type': 'application/json; charset=utf-8',
    });
    expect([sent.status, await sent.json()]).toEqual([200, {}]);
    expect(await (await get('/')).text()).toContain(`/traces/${traceId('a')}`);
    expect(await (await get(`/traces/${traceId('a')}`)).text()).toContain('<h1>message.v1.send</h1>');
    expect(await (await get('/api/traces')).json()).toMatchObject([
      { traceId: traceId('a'), spans: 1, services: ['message-service'] },
    ]);
    expect(await (await get(`/api/traces/${traceId('A')}`)).json()).toMatchObject([
      { name: 'message.v1.send', attributes: { 'chat.id': 42 } },
    ]);
  });

  it('unpacks gzip', async () => {
    expect(
      (await post(Uint8Array.from(gzipSync(JSON.stringify(exportRequest()))), { 'content-encoding': 'gzip' }))
        .status,
    ).toBe(200);
    expect(page.store.has(traceId('a'))).toBe(true);
  });

  it('reports how many spans it rejected, and keeps the others', async () => {
    const both = {
      resourceSpans: [...exportRequest({ spanId: 'x' }).resourceSpans, ...exportRequest().resourceSpans],
    };
    expect(await (await post(JSON.stringify(both))).json()).toMatchObject({
      partialSuccess: { rejectedSpans: '1' },
    });
    expect(page.store.get(traceId('a'))).toHaveLength(1);
  });

  it.each([
    ['incomplete JSON', '{"resourceSpans": [', {}, 400],
    ['another document', '{"resourceSpans": 7}', {}, 400],
    ['a body that is not gzip but declares it', '{}', { 'content-encoding': 'gzip' }, 400],
    ['an unknown encoding', '{}', { 'content-encoding': 'br' }, 415],
    ['a media type close to JSON', '{}', { 'content-type': 'application/json-seq' }, 415],
    ['text, as a foreign page may send it', '{}', { 'content-type': 'text/plain' }, 415],
  ])('rejects %s', async (_, body, headers, status) => {
    expect((await post(body, headers)).status).toBe(status);
  });

  it('rejects protobuf and names the accepted encoding', async () => {
    const response = await post(Uint8Array.of(10, 0), { 'content-type': 'application/x-protobuf' });
    expect([response.status, await response.text()]).toEqual([415, expect.stringContaining('http/json')]);
  });

  it('accepts bodies up to 16 MiB, compressed or not', async () => {
    const limit = 16 * 1_024 * 1_024;
    const padded = (size: number): string => '{}'.padEnd(size);
    expect((await post(padded(limit))).status).toBe(200);
    expect((await post(padded(limit + 1))).status).toBe(413);
    expect(
      (await post(Uint8Array.from(gzipSync(padded(limit + 1))), { 'content-encoding': 'gzip' })).status,
    ).toBe(413);
  });

  it('keeps running after a document that is nested too deeply', async () => {
    const deep = '{"arrayValue":{"values":['.repeat(20_000);
    const response = await post(
      JSON.stringify(exportRequest({ attributes: [{ key: 'deep', value: 'here' }] })).replace(
        '"here"',
        `${deep}${']}}'.repeat(20_000)}`,
      ),
    );
    expect(response.ok).toBe(false);
    expect((await get('/')).status).toBe(200);
  });

  it('redirects from a trace id in the search box to that trace', async () => {
    page.store.add([sampleSpan('a', '1')]);
    const found = await get(`/?q=%20${traceId('A')}`);
    expect([found.status, found.headers.get('location')]).toEqual([303, `/traces/${traceId('a')}`]);
    expect((await get(`/?q=${traceId('b')}`)).status).toBe(200);
  });

  it('filters the page and the JSON alike', async () => {
    page.store.add([
      sampleSpan('a', '1', { name: 'slow', durationMs: 90 }),
      sampleSpan('b', '1', { name: 'quick' }),
    ]);
    const shown = await (await get('/?min=50')).text();
    expect([shown.includes('>slow<'), shown.includes('>quick<')]).toEqual([true, false]);
    expect(await (await get('/api/traces?min=50')).json()).toMatchObject([{ name: 'slow' }]);
  });

  it.each([
    `/traces/${traceId('e')}`,
    `/api/traces/${traceId('e')}`,
    '/traces/1',
    '/favicon.ico',
    '/v1/metrics',
  ])('does not find %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it('reports a missing trace in JSON', async () => {
    expect(await (await get(`/api/traces/${traceId('e')}`)).json()).toEqual({ error: 'trace not found' });
  });

  it('rejects other methods and invalid addresses', async () => {
    expect((await get('/', { method: 'POST' })).status).toBe(405);
    expect((await get('/v1/traces')).status).toBe(405);
    expect(await statusFor('localhost', '//')).toBe(400);
  });

  it.each(['localhost', 'localhost:1', '127.0.0.1:4318', '[::1]:80', 'LOCALHOST'])(
    'responds with 200 to Host %s',
    async (host) => {
      expect(await statusFor(host)).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:80',
    'evil.example#localhost',
    '10.0.0.1',
  ])('rejects Host "%s"', async (host) => {
    expect(await statusFor(host)).toBe(403);
    expect(await statusFor(host, '/api/traces')).toBe(403);
  });

  it('restricts the browser with a content security policy', async () => {
    const { headers } = await get('/');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/);
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('serves the style and script that the policy names', async () => {
    const response = await get('/');
    const policy = response.headers.get('content-security-policy') ?? '';
    const markup = await response.text();
    const contents = [...markup.matchAll(/<(style|script)[^>]*>([\s\S]*?)<\/\1>/g)].map(([, , text]) => text);
    expect(contents).toHaveLength(2);
    for (const text of contents)
      expect(policy).toContain(`'sha256-${createHash('sha256').update(text!).digest('base64')}'`);
  });

  it('listens on this machine only', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal);
    if (outside === undefined) return;
    await expect(fetch(`http://${outside.address}:${String(page.port)}/`)).rejects.toThrow();
  });
});

describe('its program', () => {
  const start = (env: NodeJS.ProcessEnv) =>
    spawn(process.execPath, [fileURLToPath(new URL('../../../dev/traces/main.ts', import.meta.url))], {
      env,
      stdio: 'ignore',
    });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'exits with 0 on %s while a client is connected',
    async (signal) => {
      const port = await freePort();
      const child = start({ TRACE_PAGE_PORT: String(port) });
      const ended = once(child, 'exit');
      await waitFor(
        () =>
          fetch(`http://127.0.0.1:${String(port)}/readyz`).then(
            ({ ok }) => ok,
            () => false,
          ),
        { what: 'the page', timeoutMs: 10_000 },
      );
      child.kill(signal);
      expect(await ended).toEqual([0, null]);
    },
  );

  it('does not start without a port', async () => {
    const child = start({});
    expect(await once(child, 'exit')).toEqual([1, null]);
  });
});
