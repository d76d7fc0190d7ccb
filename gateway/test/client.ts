import { Message, ready, type PayloadOf } from '@switchboard/shared/contracts';
import { io, type Socket } from 'socket.io-client';
import { waitFor } from '@switchboard/infra/test';

export type ClientOptions = Parameters<typeof io>[1] & object;

export interface Reply {
  readonly event: string;
  readonly data: unknown;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly traceId?: string;
  readonly details?: unknown;
}

interface Received {
  readonly event: string;
  readonly args: readonly unknown[];
}

/** A Socket.IO client that records the events it receives. */
export class Client {
  readonly socket: Socket;
  readonly received: Received[] = [];
  /** The names of all events in the order of arrival, with `ready`, which is not in `received`. */
  readonly arrivals: string[] = [];
  /** What `ready` said. */
  ready: PayloadOf<typeof ready> | undefined;
  /** The errors with which the handshake was refused. */
  readonly refusals: { message: string; data: unknown }[] = [];

  constructor(url: string, options: ClientOptions) {
    this.socket = io(url, { forceNew: true, transports: ['websocket'], reconnection: false, ...options });
    this.socket.onAny((event: string, ...args: unknown[]) => {
      this.arrivals.push(event);
      if (event === ready.event) this.ready = ready.payload.parse(args[0]);
      else this.received.push({ event, args });
    });
    this.socket.on('connect_error', (error: Error & { data?: unknown }) => {
      this.refusals.push({ message: error.message, data: error.data });
    });
  }

  async connected(): Promise<this> {
    await waitFor(() => this.socket.connected, { what: 'the client to connect' });
    return this;
  }

  refused(): Promise<{ message: string; data: unknown }> {
    return waitFor(() => this.refusals[0], { what: 'a refusal' });
  }

  /** Emits with an acknowledgement callback. */
  async request(event: string, ...args: unknown[]): Promise<Reply> {
    const reply: Reply = await this.socket.timeout(5_000).emitWithAck(event, ...args);
    return reply;
  }

  join(chatId: string): Promise<Reply> {
    return this.request('joinChat', chatId);
  }

  /** The first argument of every event of one name, in the order of arrival. */
  payloads(event: string): unknown[] {
    return this.received.flatMap((one) => (one.event === event ? [one.args[0]] : []));
  }

  /** The `seq` of all received messages. */
  get seqs(): number[] {
    return this.payloads('newMessage').map((message) => Message.parse(message).seq);
  }

  async receives(event: string, count = 1): Promise<unknown[]> {
    return waitFor(() => (this.payloads(event).length >= count ? this.payloads(event) : undefined), {
      what: `${count} ${event}; received ${JSON.stringify(this.received)}`,
    });
  }

  close(): void {
    this.socket.disconnect();
  }
}
