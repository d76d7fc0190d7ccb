import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { CloudEvent } from '@switchboard/shared/contracts';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: CloudEvent;
  /** The status of the response; undefined when there was none. */
  readonly status: number | undefined;
}

/** A receiver of webhooks that records each request and responds with the status of `respond`. */
export class Receiver {
  readonly received: Received[] = [];
  /** Returns the status, or undefined to send no response. */
  respond: (event: CloudEvent, path: string) => number | undefined = () => 204;
  /** The highest number of concurrent attempts, by path. */
  readonly maxConcurrent = new Map<string, number>();
  readonly #now = new Map<string, number>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#receive(request, response);
    });
  }

  static async listen(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  url(path = '/'): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}${path}`;
  }

  /** Log numbers of a chat's events that this path accepted. */
  accepted(chatId: string, path = '/'): number[] {
    return this.received
      .filter(({ event, status = 0, path: at }) => at === path && event.subject === chatId && status < 300)
      .map(({ event }) => Number(event.sequence));
  }

  attempted(chatId: string, path = '/'): number[] {
    return this.received
      .filter(({ event, path: at }) => at === path && event.subject === chatId)
      .map(({ event }) => Number(event.sequence));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.#count(path, 1);
    response.once('close', () => {
      this.#count(path, -1);
    });
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const event = CloudEvent.parse(JSON.parse(body));
    const status = this.respond(event, path);
    this.received.push({ path, headers: request.headers, body, event, status });
    if (status !== undefined)
      response.writeHead(status, status === 302 ? { location: this.url('/elsewhere') } : {}).end();
  }

  #count(path: string, by: number): void {
    const now = (this.#now.get(path) ?? 0) + by;
    this.#now.set(path, now);
    this.maxConcurrent.set(path, Math.max(this.maxConcurrent.get(path) ?? 0, now));
  }
}

/** Checks the signature as the README describes it for receivers. */
export function isSigned({ headers, body }: Received, secret: string): boolean {
  const expected = createHmac('sha256', secret)
    .update(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`)
    .digest('base64');
  return headers['webhook-signature'] === `v1,${expected}`;
}
