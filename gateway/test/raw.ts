import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { waitFor } from '@switchboard/infra/test';

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawOptions {
  /** Does not end when the server ends: only a destroyed connection goes away. */
  readonly clings?: boolean;
}

/** A TCP connection on which anything may be written. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #clings: boolean;
  readonly #port: number;
  readonly #chunks: Buffer[] = [];
  #unread = Buffer.alloc(0);
  #hasEnded = false;
  #isClosed = false;

  private constructor(socket: Socket, clings: boolean) {
    this.#socket = socket;
    this.#clings = clings;
    this.#port = socket.localPort ?? 0;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#unread = Buffer.concat([this.#unread, chunk]);
    });
    socket.on('end', () => {
      this.#hasEnded = true;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
    });
  }

  static async open(url: string, { clings = false }: RawOptions = {}): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: clings, noDelay: true });
    await once(socket, 'connect');
    return new RawConnection(socket, clings);
  }

  write(bytes: string | Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** `false`: what the server sends piles up. */
  reads(isReading: boolean): void {
    if (isReading) this.#socket.resume();
    else this.#socket.pause();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** With a reset in place of an orderly end. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  get port(): number {
    return this.#port;
  }

  get isOver(): boolean {
    return this.#hasEnded || this.#isClosed;
  }

  /** All received bytes. */
  get transcript(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  /** Consumes unread bytes; `read` returns undefined while it needs more. */
  consume<Result>(
    read: (bytes: Buffer, isOver: boolean) => { length: number; result: Result } | undefined,
  ): Result | undefined {
    if (this.#unread.length === 0) return undefined;
    const consumed = read(this.#unread, this.isOver);
    if (consumed === undefined) return undefined;
    this.#unread = this.#unread.subarray(consumed.length);
    return consumed.result;
  }

  response(withinMs = 3_000): Promise<RawResponse> {
    return waitFor(() => this.consume(readResponse), {
      what: `a response; received: ${JSON.stringify(this.transcript.slice(0, 500))}`,
      timeoutMs: withinMs,
      everyMs: 2,
    });
  }

  /** A response, or undefined if the server closes without one. */
  responseOrEnd(withinMs?: number): Promise<RawResponse | undefined> {
    return Promise.any([this.response(withinMs), this.closed(withinMs).then(() => undefined)]);
  }

  /** Resolves once the server closed the connection; with `clings`, once it destroyed it. */
  async closed(withinMs = 4_000): Promise<void> {
    await waitFor(
      () => {
        // A half-closed socket accepts another byte; a destroyed one replies with a reset.
        if (this.#clings && this.#hasEnded) this.write('x');
        return this.#isClosed;
      },
      {
        what: `the server to close; received: ${JSON.stringify(this.transcript.slice(0, 500))}`,
        timeoutMs: withinMs,
        everyMs: 5,
      },
    );
  }
}

/** An HTTP/1.1 response, once it is complete. */
function readResponse(bytes: Buffer, isOver: boolean): { length: number; result: RawResponse } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line): [string, string] => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
  const rest = bytes.subarray(end + 4);
  const whole = (length: number, body: string) => ({
    length: end + 4 + length,
    result: { status, headers, body },
  });
  if (status < 200 || status === 204) return whole(0, '');
  if (headers['transfer-encoding'] === 'chunked') return readChunks(rest, whole);
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  if (length === undefined) return isOver ? whole(rest.length, rest.toString()) : undefined;
  return rest.length < length ? undefined : whole(length, rest.toString('utf8', 0, length));
}

function readChunks<Whole>(bytes: Buffer, whole: (length: number, body: string) => Whole): Whole | undefined {
  let body = '';
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    const next = line + 2 + size + 2;
    if (next > bytes.length) return undefined;
    if (size === 0) return whole(next, body);
    body += bytes.toString('utf8', line + 2, line + 2 + size);
    at = next;
  }
}
