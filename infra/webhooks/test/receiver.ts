import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { CloudEvent } from '@switchboard/shared/contracts';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: CloudEvent;
  /** With what it was answered; undefined: not at all. */
  readonly status: number | undefined;
}

/** An owner of webhooks: keeps what was posted to it, and answers as it is told. */
export class Receiver {
  readonly received: Received[] = [];
  /** Undefined: it never answers. */
  answer: (event: CloudEvent, path: string) => number | undefined = () => 204;
  /** How many attempts were under way at once, by path. */
  readonly most = new Map<string, number>();
  readonly #now = new Map<string, number>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => { void this.#take(request, response); });
  }

  static async listen(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  url(path = '/'): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port ?? 0 : 0}${path}`;
  }

  /** Numbers in the log of a chat, of what was taken by this path. */
  taken(chatId: string, path = '/'): number[] {
    return this.received.filter(({ event, status = 0, path: at }) => at === path && event.subject === chatId && status < 300).map(({ event }) => Number(event.sequence));
  }

  tried(chatId: string, path = '/'): number[] {
    return this.received.filter(({ event, path: at }) => at === path && event.subject === chatId).map(({ event }) => Number(event.sequence));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.#count(path, 1);
    response.once('close', () => { this.#count(path, -1); });
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const event = CloudEvent.parse(JSON.parse(body));
    const status = this.answer(event, path);
    this.received.push({ path, headers: request.headers, body, event, status });
    if (status !== undefined) response.writeHead(status, status === 302 ? { location: this.url('/elsewhere') } : {}).end();
  }

  #count(path: string, by: number): void {
    const now = (this.#now.get(path) ?? 0) + by;
    this.#now.set(path, now);
    this.most.set(path, Math.max(this.most.get(path) ?? 0, now));
  }
}

/** As the README tells receivers to. */
export function isSigned({ headers, body }: Received, secret: string): boolean {
  const expected = createHmac('sha256', secret).update(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`).digest('base64');
  return headers['webhook-signature'] === `v1,${expected}`;
}
