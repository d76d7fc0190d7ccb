import type { RawResponse } from './raw.ts';

export const POLLING = '/socket.io/?EIO=4&transport=polling';

export interface HttpRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Adds a Content-Length unless the headers say how long the body is. */
export function httpRequest(
  url: string,
  { method = 'GET', path, headers = {}, body = '' }: HttpRequest,
): Buffer {
  const bytes = Buffer.from(body);
  const isFramed = bytes.length === 0 || 'Content-Length' in headers || 'Transfer-Encoding' in headers;
  const all = {
    Host: new URL(url).host,
    ...(isFramed ? {} : { 'Content-Length': bytes.length.toString() }),
    ...headers,
  };
  const lines = Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines}\r\n`), bytes]);
}

export const chunked = (...chunks: string[]): string =>
  [...chunks, ''].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');

/** An Engine.IO session over polling. Every request uses a new connection. */
export class PollingSession {
  readonly path: string;
  readonly #request: (request: HttpRequest) => Promise<RawResponse>;

  constructor(sid: string, request: (request: HttpRequest) => Promise<RawResponse>) {
    this.path = `${POLLING}&sid=${sid}`;
    this.#request = request;
  }

  get(): Promise<RawResponse> {
    return this.#request({ path: this.path });
  }

  post(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<RawResponse> {
    return this.#request({ method: 'POST', path: this.path, body, headers });
  }

  /** Whether an unknown event gets a reply. */
  async isServed(): Promise<boolean> {
    if ((await this.post('427["unknown event"]')).status !== 200) return false;
    return (await this.get()).body.includes('437[');
  }

  /** Whether the server has ended the session: it sent a close packet or no longer knows the session. */
  async isOver(): Promise<boolean> {
    const { status, body } = await this.get();
    return status === 400 || body.split('\x1e').some((packet) => packet.endsWith('1'));
  }
}
