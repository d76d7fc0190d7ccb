import { HANDSHAKE, type Upgrade } from './raw-websocket.ts';

// Requests for a WebSocket upgrade.

export const ALLOWED_ORIGIN = 'https://chat.example.com';

/** Origin headers of other pages, as browsers or imitations of browsers send them. */
export const OTHER_ORIGINS: readonly string[] = [
  'https://evil.example',
  'null',
  'http://chat.example.com',
  'https://chat.example.com/',
  'https://chat.example.com.evil.example',
  'HTTPS://CHAT.EXAMPLE.COM',
  '',
  'https://chat.example.com, https://chat.example.com',
];

export interface UpgradeRow {
  readonly what: string;
  readonly upgrade: Upgrade;
  readonly status: number;
}

const row = (what: string, status: number, upgrade: Upgrade): UpgradeRow => ({ what, status, upgrade });
const withHeaders = (what: string, headers: Upgrade['headers'], status = 400): UpgradeRow =>
  row(what, status, { headers });
const toPath = (what: string, path: string): UpgradeRow => row(what, 400, { path });
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** Each gets an error response, and the connection ends. */
export const REFUSED: readonly UpgradeRow[] = [
  withHeaders('to h2c', { Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' }),
  withHeaders('to a choice of protocols', { Upgrade: 'websocket, h2c' }),
  withHeaders('to a protocol of 10 KB', { Upgrade: 'x'.repeat(10_000) }),
  withHeaders('without a key', { 'Sec-WebSocket-Key': undefined }),
  withHeaders('with a short key', { 'Sec-WebSocket-Key': 'x' }),
  withHeaders('with a key of 5,000 bytes', { 'Sec-WebSocket-Key': 'A'.repeat(5_000) }),
  withHeaders('with two keys', { 'Sec-WebSocket-Key': KEY, 'sec-websocket-key': KEY }),
  withHeaders('without a version', { 'Sec-WebSocket-Version': undefined }),
  withHeaders('of version 7', { 'Sec-WebSocket-Version': '7' }),
  withHeaders('of version 99', { 'Sec-WebSocket-Version': '99' }),
  withHeaders('with an invalid subprotocol', { 'Sec-WebSocket-Protocol': '"' }),
  withHeaders('with a NUL in a header', { X: 'a\0b' }),
  withHeaders('with 20 KB of headers', { X: 'x'.repeat(20_000) }, 431),
  row('by POST', 400, { method: 'POST' }),
  row('by PUT', 405, { method: 'PUT' }),
  toPath('to an unknown transport', '/socket.io/?EIO=4&transport=x'),
  toPath('to no transport', '/socket.io/'),
  toPath('to the transport __proto__', '/socket.io/?EIO=4&transport=__proto__'),
  toPath('to WebTransport', '/socket.io/?EIO=4&transport=webtransport'),
  ...['x', '__proto__', 'constructor', 'toString', '%00', 'x'.repeat(5_000)].map((sid) =>
    toPath(`of the session ${sid.slice(0, 20)}`, `${HANDSHAKE}&sid=${sid}`),
  ),
];

/** Upgrades to targets that serve no WebSocket. */
export const UNSERVED: readonly Upgrade[] = [
  { path: '/nobody' },
  { path: '/api/v1/chats', headers: { Upgrade: 'h2c' } },
  { path: `http://evil.example${HANDSHAKE}` },
];

export const COMPRESSION_OFFERS: readonly string[] = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits; server_max_window_bits=15',
  'permessage-deflate; server_max_window_bits=99; x=y',
  'permessage-deflate; server_max_window_bits="',
  'permessage-deflate; __proto__=1',
  ';;;,,,',
  'permessage-deflate, '.repeat(500),
];
