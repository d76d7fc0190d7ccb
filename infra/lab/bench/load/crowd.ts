import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import type { Seat } from '../contenders/contender.ts';
import { quantile } from '../statistics.ts';

/**
 * How sends follow each other. `closed`: each member keeps `inFlight` sends unacknowledged. `open`: all
 * members together send `perSecond`, independent of replies.
 */
export type Pace =
  | { readonly kind: 'closed'; readonly inFlight: number }
  | { readonly kind: 'open'; readonly perSecond: number };

export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Counts and latencies of one measured interval; latencies in ms. */
export interface Sample {
  readonly elapsedMs: number;
  readonly acknowledged: number;
  readonly delivered: number;
  /** From emitting to the acknowledgement. */
  readonly ack: Latencies;
  /** From emitting to receiving the message at a member; the sender is a member too. */
  readonly delivery: Latencies;
}

const REPLY_TIMEOUT_MS = 20_000;
/** Measures the latency of one delivery in so many. */
const SAMPLE_EVERY = 7;
const TEXT_BYTES = 60;

const now = (): number => performance.timeOrigin + performance.now();
/** A text of 60 bytes that starts with its send time. */
const textOf = (sentAt: number): string =>
  `${sentAt.toFixed(3)} How may I help you today? I am all ears.`
    .padEnd(TEXT_BYTES, '.')
    .slice(0, TEXT_BYTES);
const sentAtOf = (text: string): number => Number.parseFloat(text);

interface Member {
  readonly socket: Socket;
  readonly chatId: string;
}

/** Socket.IO clients that join chats, send messages and receive them. */
export class Crowd {
  readonly #members: Member[] = [];
  readonly #watchers: Socket[] = [];
  #acknowledged = 0;
  #delivered = 0;
  #ackMs: number[] = [];
  #deliveryMs: number[] = [];
  #isSending = false;
  #inFlight = 0;
  #failure: Error | undefined;

  /** Connects and joins every seat, `atOnce` in parallel. */
  async join(seats: readonly Seat[], atOnce: number): Promise<void> {
    const waiting = [...seats];
    const joinOn = async (): Promise<void> => {
      for (let seat = waiting.shift(); seat !== undefined; seat = waiting.shift()) await this.#join(seat);
    };
    await Promise.all(Array.from({ length: atOnce }, joinOn));
  }

  /** Connects one socket that joins all these chats and only receives. */
  async watch(
    { url, auth }: Omit<Seat, 'chatId'>,
    chatIds: readonly string[],
    atOnce: number,
  ): Promise<void> {
    const socket = await this.#connect(url, auth);
    this.#watchers.push(socket);
    const waiting = [...chatIds];
    const joinOn = async (): Promise<void> => {
      for (let chatId = waiting.pop(); chatId !== undefined; chatId = waiting.pop())
        expectReply(await socket.timeout(REPLY_TIMEOUT_MS).emitWithAck('joinChat', { chatId }), 'joinedChat');
    };
    await Promise.all(Array.from({ length: atOnce }, joinOn));
  }

  async #join({ url, auth, chatId }: Seat): Promise<void> {
    const socket = await this.#connect(url, auth);
    expectReply(await socket.timeout(REPLY_TIMEOUT_MS).emitWithAck('joinChat', { chatId }), 'joinedChat');
    this.#members.push({ socket, chatId });
  }

  async #connect(url: string, auth: Seat['auth']): Promise<Socket> {
    const socket = io(url, {
      auth: { ...auth },
      forceNew: true,
      transports: ['websocket'],
      reconnection: false,
    });
    socket.on('newMessage', ({ text }: { text: string }) => {
      this.#delivered += 1;
      if (this.#delivered % SAMPLE_EVERY === 0) this.#deliveryMs.push(now() - sentAtOf(text));
    });
    socket.on('disconnect', (reason) => {
      if (reason !== 'io client disconnect')
        this.#failure ??= new Error(`a socket was disconnected: ${reason}`);
    });
    await new Promise<void>((resolve, reject) => {
      socket.on('connect', resolve);
      socket.on('connect_error', reject);
    });
    return socket;
  }

  /** Starts sending from the first `senders` members, in the order they joined. */
  send(pace: Pace, senders = this.#members.length): void {
    this.#isSending = true;
    const members = this.#members.slice(0, senders);
    if (pace.kind === 'closed')
      for (const member of members) for (let n = 0; n < pace.inFlight; n++) this.#sendOn(member);
    else void this.#sendSteadily(members, pace.perSecond);
  }

  #sendOn(member: Member): void {
    if (this.#isSending)
      this.#sendOne(member, () => {
        this.#sendOn(member);
      });
  }

  async #sendSteadily(members: readonly Member[], perSecond: number): Promise<void> {
    const startedAt = performance.now();
    for (let sent = 0; this.#isSending;) {
      for (const due = ((performance.now() - startedAt) * perSecond) / 1_000; sent < due; sent++) {
        const member = members[sent % members.length];
        if (member !== undefined) this.#sendOne(member, () => undefined);
      }
      await sleep(1);
    }
  }

  #sendOne({ socket, chatId }: Member, then: () => void): void {
    const sentAt = now();
    this.#inFlight += 1;
    socket.emit('sendMessage', { chatId, message: { text: textOf(sentAt) } }, (reply: unknown) => {
      this.#inFlight -= 1;
      try {
        expectReply(reply, 'messageSent');
      } catch (error) {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
        return;
      }
      this.#acknowledged += 1;
      this.#ackMs.push(now() - sentAt);
      then();
    });
  }

  /** Measures the next `forMs`. Rejects if a send failed or a socket was disconnected. */
  async measure(forMs: number): Promise<Sample> {
    this.#acknowledged = this.#delivered = 0;
    this.#ackMs = [];
    this.#deliveryMs = [];
    const startedAt = performance.now();
    await sleep(forMs);
    if (this.#failure !== undefined) throw this.#failure;
    return {
      elapsedMs: performance.now() - startedAt,
      acknowledged: this.#acknowledged,
      delivered: this.#delivered,
      ack: latencies(this.#ackMs),
      delivery: latencies(this.#deliveryMs),
    };
  }

  /** Stops sending; resolves once each send has its reply, or one has failed. */
  async drain(): Promise<void> {
    this.#isSending = false;
    while (this.#inFlight > 0 && this.#failure === undefined) await sleep(5);
  }

  leave(): void {
    for (const socket of [
      ...this.#members.splice(0).map((member) => member.socket),
      ...this.#watchers.splice(0),
    ])
      socket.disconnect();
  }
}

const latencies = (ms: readonly number[]): Latencies => ({
  p50: quantile(ms, 0.5),
  p95: quantile(ms, 0.95),
  p99: quantile(ms, 0.99),
});

function expectReply(reply: unknown, event: string): void {
  if (typeof reply === 'object' && reply !== null && 'event' in reply && reply.event === event) return;
  throw new Error(`expected the reply ${event}, received ${JSON.stringify(reply)}`);
}
