import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import type { Seat } from '../contenders/contender.ts';
import { quantile } from '../statistics.ts';

/** How sends follow each other. `closed`: each member has so many unanswered at any time. `open`: so many a second of all together, whatever comes of them. */
export type Pace = { readonly kind: 'closed'; readonly inFlight: number } | { readonly kind: 'open'; readonly perSecond: number };

export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What was seen in a stretch of time; latencies in ms. */
export interface Sample {
  readonly elapsedMs: number;
  readonly acknowledged: number;
  readonly delivered: number;
  /** From emitting to the acknowledgement. */
  readonly ack: Latencies;
  /** From emitting to a member's hearing of it, the sender's own included. */
  readonly delivery: Latencies;
}

const ANSWER_WITHIN_MS = 20_000;
/** Of so many deliveries one is timed. */
const TIMED_OF = 7;
const LENGTH = 60;

const now = (): number => performance.timeOrigin + performance.now();
/** Sixty bytes that say when they were sent. */
const textOf = (sentAt: number): string => `${sentAt.toFixed(3)} How may I help you today? I am all ears.`.padEnd(LENGTH, '.').slice(0, LENGTH);
const sentAtOf = (text: string): number => Number.parseFloat(text);

interface Member {
  readonly socket: Socket;
  readonly chatId: string;
}

/** Socket.IO clients that joined, send and hear. */
export class Crowd {
  readonly #members: Member[] = [];
  readonly #watchers: Socket[] = [];
  #acknowledged = 0;
  #delivered = 0;
  #ackMs: number[] = [];
  #deliveryMs: number[] = [];
  #isSending = false;
  #underWay = 0;
  #failure: Error | undefined;

  /** Connects and joins everybody, so many at once. */
  async join(seats: readonly Seat[], atOnce: number): Promise<void> {
    const waiting = [...seats];
    const joinOn = async (): Promise<void> => {
      for (let seat = waiting.shift(); seat !== undefined; seat = waiting.shift()) await this.#join(seat);
    };
    await Promise.all(Array.from({ length: atOnce }, joinOn));
  }

  /** One more socket, which joins all these chats and only listens. */
  async watch({ url, auth }: Omit<Seat, 'chatId'>, chatIds: readonly string[], atOnce: number): Promise<void> {
    const socket = await this.#connect(url, auth);
    this.#watchers.push(socket);
    const waiting = [...chatIds];
    const joinOn = async (): Promise<void> => {
      for (let chatId = waiting.pop(); chatId !== undefined; chatId = waiting.pop()) insist(await socket.timeout(ANSWER_WITHIN_MS).emitWithAck('joinChat', { chatId }), 'joinedChat');
    };
    await Promise.all(Array.from({ length: atOnce }, joinOn));
  }

  async #join({ url, auth, chatId }: Seat): Promise<void> {
    const socket = await this.#connect(url, auth);
    insist(await socket.timeout(ANSWER_WITHIN_MS).emitWithAck('joinChat', { chatId }), 'joinedChat');
    this.#members.push({ socket, chatId });
  }

  async #connect(url: string, auth: Seat['auth']): Promise<Socket> {
    const socket = io(url, { auth: { ...auth }, forceNew: true, transports: ['websocket'], reconnection: false });
    socket.on('newMessage', ({ text }: { text: string }) => {
      this.#delivered += 1;
      if (this.#delivered % TIMED_OF === 0) this.#deliveryMs.push(now() - sentAtOf(text));
    });
    socket.on('disconnect', (reason) => { if (reason !== 'io client disconnect') this.#failure ??= new Error(`a socket was disconnected: ${reason}`); });
    await new Promise<void>((resolve, reject) => {
      socket.on('connect', resolve);
      socket.on('connect_error', reject);
    });
    return socket;
  }

  /** Begins to send: the first `senders` of those who joined. */
  send(pace: Pace, senders = this.#members.length): void {
    this.#isSending = true;
    const members = this.#members.slice(0, senders);
    if (pace.kind === 'closed') for (const member of members) for (let n = 0; n < pace.inFlight; n++) this.#sendOn(member);
    else void this.#sendSteadily(members, pace.perSecond);
  }

  #sendOn(member: Member): void {
    if (this.#isSending) this.#sendOne(member, () => { this.#sendOn(member); });
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
    this.#underWay += 1;
    socket.emit('sendMessage', { chatId, message: { text: textOf(sentAt) } }, (answer: unknown) => {
      this.#underWay -= 1;
      try {
        insist(answer, 'messageSent');
      } catch (error) {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
        return;
      }
      this.#acknowledged += 1;
      this.#ackMs.push(now() - sentAt);
      then();
    });
  }

  /** What happens from now on, for so long. Rejects when anything was refused. */
  async measure(forMs: number): Promise<Sample> {
    this.#acknowledged = this.#delivered = 0;
    this.#ackMs = [];
    this.#deliveryMs = [];
    const startedAt = performance.now();
    await sleep(forMs);
    if (this.#failure !== undefined) throw this.#failure;
    return { elapsedMs: performance.now() - startedAt, acknowledged: this.#acknowledged, delivered: this.#delivered, ack: latencies(this.#ackMs), delivery: latencies(this.#deliveryMs) };
  }

  /** Resolves once all that was sent is answered. */
  async rest(): Promise<void> {
    this.#isSending = false;
    while (this.#underWay > 0 && this.#failure === undefined) await sleep(5);
  }

  leave(): void {
    for (const socket of [...this.#members.splice(0).map((member) => member.socket), ...this.#watchers.splice(0)]) socket.disconnect();
  }
}

const latencies = (ms: readonly number[]): Latencies => ({ p50: quantile(ms, 0.5), p95: quantile(ms, 0.95), p99: quantile(ms, 0.99) });

function insist(answer: unknown, event: string): void {
  if (typeof answer === 'object' && answer !== null && 'event' in answer && answer.event === event) return;
  throw new Error(`instead of ${event} the answer was ${JSON.stringify(answer)}`);
}
