import { BINARY, CLOSE, CONTINUATION, closing, frame, PING, PONG } from './raw-websocket.ts';

// Frames of RFC 6455.

export interface FrameRow {
  readonly what: string;
  readonly bytes: Uint8Array;
  /** The code with which the server closes. */
  readonly code: number;
}

const row = (what: string, code: number, ...frames: Uint8Array[]): FrameRow => ({
  what,
  code,
  bytes: Buffer.concat(frames),
});
const times = (count: number, one: Uint8Array): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => one));

/** A message that is a byte larger than allowed: sent, and only claimed. */
const beyond = (what: string, limit: number): FrameRow[] => [
  row(`${what} and a byte`, 1009, frame({ payload: '4'.repeat(limit + 1) })),
  row(
    `a header that claims ${what} and a byte, and nothing behind it`,
    1009,
    frame({ claims: BigInt(limit + 1) }),
  ),
];

/** Sent on a connected socket. */
export const FRAMES: readonly FrameRow[] = [
  ...beyond('a MiB', 1024 * 1024),
  row('a header that claims 2^40 bytes', 1009, frame({ payload: '4', claims: 1n << 40n })),
  row('a header that claims 2^53 bytes', 1009, frame({ payload: '4', claims: 1n << 53n })),
  row('a length with the top bit', 1009, frame({ payload: '4', claims: 1n << 63n })),
  row(
    'fragments of more than a MiB together',
    1009,
    frame({ payload: '4'.repeat(600_000), fin: false }),
    frame({ opcode: CONTINUATION, payload: '4'.repeat(600_000) }),
  ),
  row(
    '30,000 fragments of a byte',
    1008,
    frame({ payload: '4', fin: false }),
    times(30_000, frame({ opcode: CONTINUATION, payload: '2', fin: false })),
  ),
  row(
    '30,000 empty fragments',
    1008,
    frame({ fin: false }),
    times(30_000, frame({ opcode: CONTINUATION, fin: false })),
  ),
  row(
    'a fragmented text interrupted by a text',
    1002,
    frame({ payload: '4', fin: false }),
    frame({ payload: '6' }),
  ),
  row(
    'a fragmented text interrupted by a binary',
    1002,
    frame({ payload: '4', fin: false }),
    frame({ opcode: BINARY }),
  ),
  row('a continuation without a start', 1002, frame({ opcode: CONTINUATION, payload: '6' })),
  row(
    'a continuation behind the last',
    1002,
    frame({ payload: '6', fin: false }),
    frame({ opcode: CONTINUATION }),
    frame({ opcode: CONTINUATION }),
  ),
  row('no mask', 1002, frame({ payload: '6', masked: false })),
  row('RSV1: compression that was not agreed on', 1002, frame({ payload: '6', rsv: 4 })),
  row('RSV2', 1002, frame({ payload: '6', rsv: 2 })),
  row('RSV3', 1002, frame({ payload: '6', rsv: 1 })),
  ...[0x3, 0x7, 0xb, 0xf].map((opcode) => row(`the reserved opcode ${opcode}`, 1002, frame({ opcode }))),
  row('a ping of 126 bytes', 1002, frame({ opcode: PING, payload: 'x'.repeat(126) })),
  row('a pong that claims 2^40 bytes', 1002, frame({ opcode: PONG, claims: 1n << 40n })),
  row('a fragmented ping', 1002, frame({ opcode: PING, fin: false })),
  row('a fragmented close', 1002, frame({ opcode: CLOSE, fin: false })),
  row('a text that is not UTF-8', 1007, frame({ payload: Buffer.from([0x34, 0xff]) })),
  row('a text with a surrogate in UTF-8', 1007, frame({ payload: Buffer.from([0x34, 0xed, 0xa0, 0x80]) })),
  row('a text with an overlong slash', 1007, frame({ payload: Buffer.from([0x34, 0xc0, 0xaf]) })),
  row(
    'a text that ends within a character',
    1007,
    frame({ payload: Buffer.from([0x34, 0xe2]), fin: false }),
    frame({ opcode: CONTINUATION }),
  ),
  ...[0, 999, 1005, 1006, 2000, 5000].map((code) => row(`the close code ${code}`, 1002, closing(code))),
  row('a close of one byte', 1002, frame({ opcode: CLOSE, payload: 'x' })),
  row('a close whose reason is not UTF-8', 1007, closing(1000, Buffer.from([0xff]))),
  row(
    'a close code of its own, and frames behind it',
    4999,
    closing(4999),
    frame({ payload: '42["x"]' }),
    frame({ opcode: 0x3 }),
  ),
  row('HTTP', 1002, Buffer.from('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')),
  row('10,000 zeros', 1002, Buffer.alloc(10_000)),
  row('10,000 ones', 1002, Buffer.alloc(10_000, 0xff)),
];

/** Sent before CONNECT. */
export const EARLY_FRAMES: readonly FrameRow[] = [
  ...beyond('64 KiB', 64 * 1024),
  ...FRAMES.filter(({ what }) => /^(no mask|30,000 fragments|a text that is not UTF-8|HTTP)/.test(what)),
];

/** After each, the server sends a close frame and waits for the client's. */
export const CLOSED: readonly FrameRow[] = [
  row('a bad packet', 1005, frame({ payload: '4x' })),
  row('a bad frame', 1002, frame({ opcode: 0x3 })),
  row('a close', 1000, closing(1000)),
];

export interface Flood {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly isAdmitted: boolean;
  readonly reads: boolean;
}

const flood = (what: string, one: Uint8Array, { isAdmitted = true, reads = true } = {}): Flood => ({
  what,
  bytes: times(10_000, one),
  isAdmitted,
  reads,
});
const BIG_PING = frame({ opcode: PING, payload: 'x'.repeat(125) });

export const FLOODS: readonly Flood[] = [
  flood('pings without reading the pongs', BIG_PING, { reads: false }),
  flood('pings before the CONNECT', BIG_PING, { isAdmitted: false }),
  flood('pongs', frame({ opcode: PONG })),
  flood('Engine.IO pongs', frame({ payload: '3' })),
  flood('NOOPs', frame({ payload: '6' })),
  flood('unrequested acknowledgements', frame({ payload: '431[]' })),
  flood('CONNECTs to an unknown namespace', frame({ payload: '40/a,' }), { isAdmitted: false }),
];
