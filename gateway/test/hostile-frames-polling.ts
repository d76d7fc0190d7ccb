import { gzipSync } from 'node:zlib';
import { chunked, POLLING, type HttpRequest } from './raw-polling.ts';

// Engine.IO over HTTP.

export interface RequestRow {
  readonly what: string;
  readonly request: HttpRequest;
  readonly status: number;
}

const row = (what: string, status: number, request: Partial<HttpRequest>): RequestRow => ({
  what,
  status,
  request: { path: POLLING, ...request },
});

/** Requests that begin no session. */
export const SESSIONLESS: readonly RequestRow[] = [
  row('POST before the handshake', 400, { method: 'POST', body: '40' }),
  row('PUT before the handshake', 405, { method: 'PUT' }),
  row('DELETE before the handshake', 405, { method: 'DELETE' }),
  row('EIO=3', 400, { path: '/socket.io/?EIO=3&transport=polling' }),
  row('EIO=999', 400, { path: '/socket.io/?EIO=999&transport=polling' }),
  row('EIO=__proto__', 400, { path: '/socket.io/?EIO=__proto__&transport=polling' }),
  row('no EIO', 400, { path: '/socket.io/?transport=polling' }),
  row('an unknown transport', 400, { path: '/socket.io/?EIO=4&transport=constructor' }),
  row('WebSocket without an upgrade', 400, { path: '/socket.io/?EIO=4&transport=websocket' }),
  row('an invalid query', 400, { path: '/socket.io/?%%%&=&&__proto__=1' }),
  ...['x', '__proto__', 'constructor', 'hasOwnProperty', '%ff'].map((sid) =>
    row(`GET of the session ${sid}`, 400, { path: `${POLLING}&sid=${sid}` }),
  ),
  ...['x', '__proto__'].map((sid) =>
    row(`POST to the session ${sid}`, 400, { method: 'POST', path: `${POLLING}&sid=${sid}`, body: '3' }),
  ),
];

export interface PostRow {
  readonly what: string;
  readonly body: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  readonly session: 'is served' | 'is over';
}

const post = (
  what: string,
  body: string | Uint8Array,
  status: number,
  session: PostRow['session'],
  headers: PostRow['headers'] = {},
): PostRow => ({ what, body, headers, status, session });
const packets = (count: number, packet: string): string =>
  Array.from({ length: count }, () => packet).join('\x1e');
const MIB = 1024 * 1024;
const CHUNKED = { 'Transfer-Encoding': 'chunked' };

export const POSTS: readonly PostRow[] = [
  post('a message without a packet', '4', 200, 'is over'),
  post('nothing', '', 200, 'is over'),
  post('separators', '\x1e\x1e\x1e', 200, 'is over'),
  post('60,000 separators', '\x1e'.repeat(60_000), 200, 'is over'),
  post('an unknown packet', 'x', 200, 'is over'),
  post('invalid base64', 'b!!!!', 200, 'is over'),
  post('a binary without a header', 'bAAAA', 200, 'is over'),
  post('bytes that are not UTF-8', Buffer.from([0x34, 0xff, 0xfe]), 200, 'is over'),
  post(
    'an attachment that never comes',
    '451-["x",{"_placeholder":true,"num":0}]\x1e42["x"]',
    200,
    'is over',
  ),
  post('a second CONNECT', '40', 200, 'is over'),
  post('PING', '2', 200, 'is over'),
  post('CLOSE', '1', 200, 'is over'),
  post('20,000 PONGs', packets(20_000, '3'), 200, 'is over'),
  post('20,000 NOOPs', packets(20_000, '6'), 200, 'is over'),
  post('5,000 events', packets(5_000, '42["x"]'), 200, 'is over'),
  post('an acknowledgement of a MiB', `4${'3'.repeat(MIB - 1)}`, 200, 'is served'),
  post('a MiB and a byte', '3'.repeat(MIB + 1), 413, 'is served'),
  post('a MiB and a byte, chunked', chunked('3'.repeat(MIB + 1)), 413, 'is served', CHUNKED),
  post(
    '2 MB in 20 chunks',
    chunked(...Array.from({ length: 20 }, () => '3'.repeat(100_000))),
    413,
    'is served',
    CHUNKED,
  ),
  post('3 MB', '3'.repeat(3_000_000), 413, 'is served'),
  post('a negative length', '3', 400, 'is served', { 'Content-Length': '-1' }),
  post('invalid chunks', 'zz\r\n3\r\n0\r\n\r\n', 400, 'is over', CHUNKED),
  post('application/octet-stream', '3', 400, 'is over', { 'Content-Type': 'application/octet-stream' }),
  post('application/json', '3', 200, 'is served', { 'Content-Type': 'application/json' }),
  post('multipart/form-data without a boundary', '3', 200, 'is served', {
    'Content-Type': 'multipart/form-data',
  }),
  post('an invalid content type', '3', 200, 'is served', { 'Content-Type': ';;;=' }),
  post('gzip', gzipSync('3'), 200, 'is over', { 'Content-Encoding': 'gzip' }),
];

export const OTHER_METHODS = ['PUT', 'DELETE', 'PATCH', 'TRACE'] as const;
