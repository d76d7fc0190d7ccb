import { randomBytes } from 'node:crypto';
import { waitFor } from '@switchboard/infra/test';
import { RawConnection, type RawResponse, type RawOptions } from './raw.ts';

export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

export interface Frame {
  readonly opcode?: number;
  readonly payload?: string | Uint8Array;
  readonly fin?: boolean;
  /** The three reserved bits: 4 is RSV1. */
  readonly rsv?: number;
  readonly masked?: boolean;
  /** The length in the header, if it differs from the payload's. */
  readonly claims?: bigint;
}

/** A frame of RFC 6455. Any field may be invalid on purpose. */
export function frame({
  opcode = TEXT,
  payload = '',
  fin = true,
  rsv = 0,
  masked = true,
  claims,
}: Frame): Buffer {
  const bytes = Buffer.from(payload);
  const length = claims ?? BigInt(bytes.length);
  const size = length < 126n ? Buffer.alloc(0) : Buffer.alloc(length < 65_536n ? 2 : 8);
  if (size.length === 2) size.writeUInt16BE(Number(length));
  if (size.length === 8) size.writeBigUInt64BE(length);
  const short = size.length === 0 ? Number(length) : size.length === 2 ? 126 : 127;
  const mask = masked ? randomBytes(4) : Buffer.alloc(0);
  const head = Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode, (masked ? 0x80 : 0) | short]);
  return Buffer.concat([
    head,
    size,
    mask,
    masked ? bytes.map((byte, index) => byte ^ (mask[index % 4] ?? 0)) : bytes,
  ]);
}

export const closing = (code: number, reason: string | Uint8Array = ''): Buffer =>
  frame({
    opcode: CLOSE,
    payload: Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]),
  });

export interface Upgrade extends RawOptions {
  readonly method?: string;
  readonly path?: string;
  /** Override the default headers; undefined omits one. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Written directly after the request, in the same segment. */
  readonly behind?: string | Uint8Array;
}

export const HANDSHAKE = '/socket.io/?EIO=4&transport=websocket';

export function upgradeRequest(
  url: string,
  { method = 'GET', path = HANDSHAKE, headers = {}, behind = '' }: Upgrade,
): Buffer {
  const all: Readonly<Record<string, string | undefined>> = {
    Host: new URL(url).host,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}\r\n`],
  );
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`),
    Buffer.from(behind),
  ]);
}

/** A WebSocket that may break the protocol, and that reads the Engine.IO packets it receives. */
export class RawWebSocket {
  readonly connection: RawConnection;
  readonly response: RawResponse;
  /** The text frames received. */
  readonly packets: string[] = [];
  /** The number of pongs received. */
  pongs = 0;
  /** The code of the close frame received; 1005 if it had none. */
  closeCode: number | undefined;
  readonly #clings: boolean;
  #lastId = 10_000_000;

  private constructor(connection: RawConnection, response: RawResponse, clings: boolean) {
    this.connection = connection;
    this.response = response;
    this.#clings = clings;
  }

  static async open(url: string, upgrade: Upgrade = {}): Promise<RawWebSocket> {
    const connection = await RawConnection.open(url, upgrade);
    connection.write(upgradeRequest(url, upgrade));
    const response = await connection.response();
    if (response.status !== 101) throw new Error(`the upgrade got status ${response.status}`);
    return new RawWebSocket(connection, response, upgrade.clings ?? false);
  }

  /** Sends text frames, all in one segment. */
  send(...packets: string[]): void {
    this.write(...packets.map((payload) => frame({ payload })));
  }

  write(...frames: Uint8Array[]): void {
    this.connection.write(Buffer.concat(frames));
  }

  async receives(packet: RegExp | string, withinMs = 3_000): Promise<string> {
    const isIt = (text: string) => (typeof packet === 'string' ? text.startsWith(packet) : packet.test(text));
    return waitFor(() => this.#read().packets.find(isIt), {
      what: `${String(packet)}; received ${JSON.stringify(this.packets)}`,
      timeoutMs: withinMs,
      everyMs: 2,
    });
  }

  /** Fails unless the server replies to an unknown event. */
  async lives(): Promise<void> {
    const id = ++this.#lastId;
    this.send(`42${id}["unknown event"]`);
    await this.receives(`43${id}[`);
  }

  /** The server's close code; undefined if it ends the connection without a close frame. */
  async closed(withinMs?: number): Promise<number | undefined> {
    const reading = setInterval(() => {
      this.#read();
    }, 2);
    await this.connection.closed(withinMs).finally(() => {
      clearInterval(reading);
    });
    this.#read();
    return this.closeCode;
  }

  async pongsCome(count: number): Promise<void> {
    await waitFor(() => this.#read().pongs >= count, { what: `${count} pongs`, everyMs: 2 });
  }

  #read(): this {
    for (
      let one = this.connection.consume(readFrame);
      one !== undefined;
      one = this.connection.consume(readFrame)
    ) {
      if (one.opcode === TEXT) this.packets.push(one.payload.toString());
      if (one.opcode === PONG) this.pongs += 1;
      if (one.opcode !== CLOSE) continue;
      this.closeCode = one.payload.length < 2 ? 1005 : one.payload.readUInt16BE();
      if (!this.#clings) this.write(frame({ opcode: CLOSE, payload: one.payload }));
    }
    return this;
  }
}

function readFrame(
  bytes: Buffer,
): { length: number; result: { opcode: number; payload: Buffer } } | undefined {
  const [first = 0, short = 0] = bytes;
  const size = short < 126 ? 0 : short === 126 ? 2 : 8;
  if (bytes.length < 2 + size) return undefined;
  const payloadLength =
    size === 0 ? short : size === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const length = 2 + size + payloadLength;
  if (bytes.length < length) return undefined;
  return { length, result: { opcode: first & 0xf, payload: Buffer.from(bytes.subarray(2 + size, length)) } };
}
