import type { Answer } from './raw.ts';

export const POLLING = '/socket.io/?EIO=4&transport=polling';

export interface HttpRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** With a Content-Length where it has a body and says nothing else about it. */
export function httpRequest(url: string, { method = 'GET', path, headers = {}, body = '' }: HttpRequest): Buffer {
  const bytes = Buffer.from(body);
  const isFramed = bytes.length === 0 || 'Content-Length' in headers || 'Transfer-Encoding' in headers;
  const all = { Host: new URL(url).host, ...(isFramed ? {} : { 'Content-Length': bytes.length.toString() }), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines}\r\n`), bytes]);
}

export const chunked = (...chunks: string[]): string => [...chunks, ''].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');

/** An Engine.IO session over polling; every request comes on a connection of its own. */
export class PollingSession {
  readonly path: string;
  readonly #ask: (request: HttpRequest) => Promise<Answer>;

  constructor(sid: string, ask: (request: HttpRequest) => Promise<Answer>) {
    this.path = `${POLLING}&sid=${sid}`;
    this.#ask = ask;
  }

  get(): Promise<Answer> {
    return this.#ask({ path: this.path });
  }

  post(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#ask({ method: 'POST', path: this.path, body, headers });
  }

  /** Whether an event that nobody knows is answered. */
  async isServed(): Promise<boolean> {
    if ((await this.post('427["nobody knows it"]')).status !== 200) return false;
    return (await this.get()).body.includes('437[');
  }

  /** Whether the server has ended it: it is told so, or not known any more. */
  async isOver(): Promise<boolean> {
    const { status, body } = await this.get();
    return status === 400 || body.split('\x1e').some((packet) => packet.endsWith('1'));
  }
}
