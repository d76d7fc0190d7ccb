import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { HttpRequest } from './raw-polling.ts';

// HTTP requests, and requests to the API.

export interface BytesRow {
  readonly what: string;
  readonly bytes: string | Uint8Array;
  readonly status: number;
}

const bytes = (what: string, status: number, text: string | Uint8Array): BytesRow => ({
  what,
  status,
  bytes: text,
});
const get = (what: string, status: number, headers: string, path = '/livez'): BytesRow =>
  bytes(what, status, `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
const chats = (what: string, status: number, headers: string, body: string): BytesRow =>
  bytes(
    what,
    status,
    `POST /api/v1/chats HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n${body}`,
  );
const chunks = (what: string, status: number, body: string): BytesRow =>
  chats(what, status, 'Transfer-Encoding: chunked\r\n', body);
const SMUGGLED = '0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n';

/** Invalid HTTP: the gateway responds once and ends the connection. */
export const NO_HTTP: readonly BytesRow[] = [
  bytes('a word', 400, 'HELLO\r\n\r\n'),
  bytes('bytes', 400, Buffer.alloc(5_000, 0xfe)),
  bytes('zeros', 400, Buffer.alloc(5_000)),
  bytes('a TLS hello', 400, Buffer.from('16030100a5010000a10303', 'hex')),
  bytes('the preface of HTTP/2', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  bytes('HTTP/9.9', 400, 'GET /livez HTTP/9.9\r\nHost: x\r\n\r\n'),
  bytes('an unknown method', 400, 'FOO /livez HTTP/1.1\r\nHost: x\r\n\r\n'),
  bytes('no path', 400, 'GET  HTTP/1.1\r\nHost: x\r\n\r\n'),
  bytes('no host', 400, 'GET /livez HTTP/1.1\r\n\r\n'),
  bytes('lines without a carriage return', 400, 'GET /livez HTTP/1.1\nHost: x\n\n'),
  bytes('a folded first header', 400, 'GET /livez HTTP/1.1\r\n Host: x\r\n\r\n'),
  get('a path without a slash', 400, '', 'livez'),
  get('a path with a space', 400, '', '/liv ez'),
  get('a path with a NUL', 400, '', '/livez\0'),
  get('a path of 20 KB', 431, '', `/${'x'.repeat(20_000)}`),
  get('a folded header', 400, 'X: a\r\n b\r\n'),
  get('a header without a colon', 400, 'nocolon\r\n'),
  get('a header without a name', 400, ': x\r\n'),
  get('a header with a space in its name', 400, 'a b: x\r\n'),
  get('a NUL in a header', 400, 'X: a\0b\r\n'),
  get('a lone carriage return in a header', 400, 'X: a\rb\r\n'),
  get('20 KB of one header', 431, `X: ${'x'.repeat(20_000)}\r\n`),
  get('20 KB of small headers', 431, 'a: b\r\n'.repeat(4_000)),
  chats(
    'Content-Length and Transfer-Encoding',
    400,
    'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n',
    SMUGGLED,
  ),
  chats(
    'Transfer-Encoding and Content-Length',
    400,
    'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n',
    SMUGGLED,
  ),
  chats('two lengths', 400, 'Content-Length: 4\r\nContent-Length: 44\r\n', SMUGGLED),
  chats('the same length twice', 400, 'Content-Length: 2\r\nContent-Length: 2\r\n', '{}'),
  chats('a list of lengths', 400, 'Content-Length: 2, 2\r\n', '{}'),
  chats('a negative length', 400, 'Content-Length: -2\r\n', '{}'),
  chats('a hexadecimal length', 400, 'Content-Length: 0x2\r\n', '{}'),
  chats('a length out of range', 400, 'Content-Length: 99999999999999999999999\r\n', '{}'),
  chats('a folded Transfer-Encoding', 400, 'Transfer-Encoding:\r\n chunked\r\n', SMUGGLED),
  chats('a space before the colon', 400, 'Transfer-Encoding : chunked\r\n', SMUGGLED),
  chats('an unknown Transfer-Encoding', 400, 'Transfer-Encoding: xchunked\r\n', SMUGGLED),
  chats(
    'a Transfer-Encoding that does not end in chunked',
    400,
    'Transfer-Encoding: chunked, identity\r\n',
    SMUGGLED,
  ),
  chunks('a negative chunk', 400, '-1\r\nx\r\n0\r\n\r\n'),
  chunks('a chunk whose size is not a number', 400, 'zz\r\nx\r\n0\r\n\r\n'),
  chunks('a chunk of 2^72 bytes', 400, 'ffffffffffffffffff\r\nx\r\n'),
  chunks('a chunk longer than it says', 400, '1\r\n{}\r\n0\r\n\r\n'),
  chunks('chunks without carriage returns', 400, '2\n{}\n0\n\n'),
  chunks('20 KB of chunk extensions', 413, `2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`),
  chunks('a length behind the last chunk', 400, '0\r\nContent-Length: 5\r\n\r\n'),
  chunks('20 KB behind the last chunk', 431, `0\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
];

export interface ApiRow {
  readonly what: string;
  readonly request: HttpRequest;
  readonly status: number;
  readonly code: string;
}

const STATUS = {
  VALIDATION: 400,
  UNAUTHORIZED: 401,
  ROUTE_NOT_FOUND: 404,
  CHAT_NOT_FOUND: 404,
  FILE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
} as const;
const row = (what: string, code: keyof typeof STATUS, request: HttpRequest): ApiRow => ({
  what,
  code,
  status: STATUS[code],
  request,
});
const path = (text: string, code: keyof typeof STATUS): ApiRow =>
  row(`the path ${text.slice(0, 60)}`, code, { path: text });
const body = (
  what: string,
  content: string | Uint8Array,
  headers: HttpRequest['headers'] = {},
  code: keyof typeof STATUS = 'VALIDATION',
): ApiRow =>
  row(what, code, {
    method: 'POST',
    path: '/api/v1/chats',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: content,
  });
const form = (what: string, content: string, contentType = 'multipart/form-data; boundary=b'): ApiRow =>
  row(what, 'VALIDATION', {
    method: 'POST',
    path: '/api/v1/files',
    headers: { 'Content-Type': contentType },
    body: content,
  });
const method = (name: string, code: keyof typeof STATUS = 'METHOD_NOT_ALLOWED'): ApiRow =>
  row(`the method ${name}`, code, { method: name, path: '/api/v1/chats' });

const BOMB = Buffer.alloc(64 * 1024 * 1024);
const part = (headers: string, content = 'x'): string => `--b\r\n${headers}\r\n\r\n${content}\r\n`;

/** Requests with a valid token: the gateway responds with a problem document and keeps the connection. */
export const API: readonly ApiRow[] = [
  path('/api/v1/chats/%00', 'CHAT_NOT_FOUND'),
  path('/api/v1/chats/%ff', 'VALIDATION'),
  path('/api/v1/chats/%', 'VALIDATION'),
  path('/api/v1/chats/__proto__', 'CHAT_NOT_FOUND'),
  path('/api/v1/chats/%2e%2e%2f%2e%2e%2fetc', 'CHAT_NOT_FOUND'),
  path(`/api/v1/chats/${'x'.repeat(10_000)}`, 'CHAT_NOT_FOUND'),
  path('/api/v1//chats', 'ROUTE_NOT_FOUND'),
  path('//api/v1/chats', 'ROUTE_NOT_FOUND'),
  path('/api/v1/../../etc/passwd', 'ROUTE_NOT_FOUND'),
  path('/api/v1/chats/../../../livez', 'ROUTE_NOT_FOUND'),
  path('/livez/../metrics', 'ROUTE_NOT_FOUND'),
  path('/api/v1/chats?limit=1&limit=2', 'VALIDATION'),
  path('/api/v1/chats?limit[__proto__]=1', 'VALIDATION'),
  path('/api/v1/chats?__proto__=1', 'VALIDATION'),
  path('/api/v1/chats?cursor=%00', 'VALIDATION'),
  path('/api/v1/chats?cursor=%ff', 'VALIDATION'),
  path(`/api/v1/chats?${'a&'.repeat(5_000)}`, 'VALIDATION'),
  path('/api/v1/files/%00', 'FILE_NOT_FOUND'),
  path('/api/v1/files/..%2f..%2fetc%2fpasswd', 'FILE_NOT_FOUND'),
  path('http://evil.example/api/v1/nobody', 'ROUTE_NOT_FOUND'),
  path('http://evil.example/socket.io/?EIO=4&transport=polling', 'ROUTE_NOT_FOUND'),
  path('file:///etc/passwd', 'ROUTE_NOT_FOUND'),
  path('*', 'ROUTE_NOT_FOUND'),
  method('TRACE'),
  method('PUT'),
  method('DELETE'),
  method('PURGE'),
  method('M-SEARCH'),

  body('malformed JSON', '{"clientId"'),
  body('JSON that is cut off within a character', Buffer.from('{"é"').subarray(0, 3)),
  body('JSON that is not UTF-8', Buffer.from('{"\xff":1}', 'latin1')),
  body('JSON that is a text', '"x"'),
  body('JSON that is null', 'null'),
  body('JSON that is an array', '[]'),
  body('10,000 arrays', `${'['.repeat(10_000)}${']'.repeat(10_000)}`),
  body('30,000 arrays that never end', '['.repeat(30_000)),
  body('4,000 objects', `${'{"clientId":'.repeat(4_000)}1${'}'.repeat(4_000)}`),
  body('64 KB', `{"clientId":"${'x'.repeat(65_000)}"}`),
  body('more than 64 KB', `{"clientId":"${'x'.repeat(65_600)}"}`, {}, 'TOO_LARGE'),
  body('5,000 unknown fields', `{${Array.from({ length: 5_000 }, (_, index) => `"k${index}":1`).join(',')}}`),
  body('a field twice', '{"clientId":"a","clientId":"b"}'),
  body('__proto__', '{"__proto__":{"clientId":5}}'),
  body('constructor.prototype', '{"constructor":{"prototype":{"clientId":5}}}'),
  body('a byte order mark', '\ufeff{"x":1}'),
  body('a number out of range', '{"clientId":1e999}'),
  body('UTF-8 that claims to be UTF-16', '{"clientId":5}', {
    'Content-Type': 'application/json; charset=utf-16',
  }),
  body(
    'an unknown charset',
    '{"clientId":5}',
    { 'Content-Type': 'application/json; charset=x' },
    'UNSUPPORTED_MEDIA_TYPE',
  ),
  body('invalid gzip', '{"clientId":5}', { 'Content-Encoding': 'gzip' }),
  body('gzip that is cut off', gzipSync('{"clientId":5}').subarray(0, 20), { 'Content-Encoding': 'gzip' }),
  body('an unknown encoding', '{"clientId":5}', { 'Content-Encoding': 'x' }, 'UNSUPPORTED_MEDIA_TYPE'),
  body(
    'two encodings',
    gzipSync(gzipSync(BOMB)),
    { 'Content-Encoding': 'gzip, gzip' },
    'UNSUPPORTED_MEDIA_TYPE',
  ),
  body('64 MiB in gzip', gzipSync(BOMB), { 'Content-Encoding': 'gzip' }, 'TOO_LARGE'),
  body(
    '64 MiB in brotli',
    brotliCompressSync(BOMB, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
    { 'Content-Encoding': 'br' },
    'TOO_LARGE',
  ),

  form('a form without a boundary', 'x', 'multipart/form-data'),
  form('an empty form', ''),
  form('an invalid form', 'x'.repeat(5_000)),
  form(
    'a form cut off within its file',
    '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nabc',
  ),
  form(
    'a form with a file named __proto__',
    `${part('Content-Disposition: form-data; name="__proto__"; filename="x"')}--b--\r\n`,
  ),
  form('a form without a disposition', `${part('X: y')}--b--\r\n`),
  form('a form with 100 KB of headers', `${part(`X: ${'y'.repeat(100_000)}`)}--b--\r\n`),
  form(
    'a form of 10,000 parts',
    `${part('Content-Disposition: form-data; name="a"').repeat(10_000)}--b--\r\n`,
  ),
];
