import { Message } from '@switchboard/shared/contracts';
import { io, type Socket } from 'socket.io-client';
import { waitFor } from '../../infra/testing/index.ts';

export type ClientOptions = Parameters<typeof io>[1] & object;

export interface Reply {
  readonly event: string;
  readonly data: unknown;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly traceId?: string;
  readonly details?: unknown;
}

interface Heard {
  readonly event: string;
  readonly args: readonly unknown[];
}

/** A socket.io client that remembers all it hears. */
export class Client {
  readonly socket: Socket;
  readonly heard: Heard[] = [];
  /** The errors with which the handshake was refused. */
  readonly refusals: { message: string; data: unknown }[] = [];

  constructor(url: string, options: ClientOptions) {
    this.socket = io(url, { forceNew: true, transports: ['websocket'], reconnection: false, ...options });
    this.socket.onAny((event: string, ...args: unknown[]) => { this.heard.push({ event, args }); });
    this.socket.on('connect_error', (error: Error & { data?: unknown }) => { this.refusals.push({ message: error.message, data: error.data }); });
  }

  async connected(): Promise<this> {
    await waitFor(() => this.socket.connected, { what: 'the client to connect' });
    return this;
  }

  refused(): Promise<{ message: string; data: unknown }> {
    return waitFor(() => this.refusals[0], { what: 'a refusal' });
  }

  /** Emits with an acknowledgement callback. */
  async ask(event: string, ...args: unknown[]): Promise<Reply> {
    const reply: Reply = await this.socket.timeout(5_000).emitWithAck(event, ...args);
    return reply;
  }

  join(chatId: string): Promise<Reply> {
    return this.ask('joinChat', chatId);
  }

  /** The first argument of every event of one name, in the order in which they were heard. */
  payloads(event: string): unknown[] {
    return this.heard.flatMap((one) => (one.event === event ? [one.args[0]] : []));
  }

  /** The `seq` of all messages heard. */
  get seqs(): number[] {
    return this.payloads('newMessage').map((message) => Message.parse(message).seq);
  }

  async hears(event: string, count = 1): Promise<unknown[]> {
    return waitFor(() => (this.payloads(event).length >= count ? this.payloads(event) : undefined), { what: `${count} ${event}; heard ${JSON.stringify(this.heard)}` });
  }

  close(): void {
    this.socket.disconnect();
  }
}
