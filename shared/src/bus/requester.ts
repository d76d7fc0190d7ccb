import { randomUUID } from 'node:crypto';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { Failure, type ErrorCode } from '../errors.ts';
import { failpoint } from '../failpoints.ts';
import { Coalescer, jsonArray, type Item } from './coalesce.ts';
import { decodeAnswers, type Answer } from './envelope.ts';
import type { Asker } from './handler.ts';
import type { Json } from './json.ts';
import { inboxSubject } from './subjects.ts';
import { Durations } from './instruments.ts';
import { NATS_RPC, RPC_LABELS } from './semantics.ts';
import type { OpenSpan, Spans } from './spans.ts';
import { traceparentOf, type Trace } from './trace.ts';
import type { Turn } from './turn.ts';

export interface RequestOptions extends Asker {
  /** What asks for it; undefined for work of the process's own, of which no span is made. */
  readonly trace: Trace | undefined;
  readonly timeoutMs: number;
  /** Requests of one group that leave in the same turn reach one replica, in order. */
  readonly group?: string | undefined;
}

interface Pending {
  readonly resolve: (reply: Json) => void;
  readonly reject: (failure: Failure) => void;
  readonly timer: NodeJS.Timeout;
  readonly method: string;
  readonly startedAt: number;
  readonly span: OpenSpan | undefined;
  batch: number;
}

const durations = new Durations('rpc.client.call.duration', 'From sending a request to its answer', RPC_LABELS, NATS_RPC);

const NO_RESPONDERS = 503;

/**
 * Sends requests and hears their answers on an inbox of its own. A request fails with UNAVAILABLE at once when NATS is not
 * connected or nobody serves the subject, and with TIMEOUT when no answer came in time: then it may have been done.
 */
export class Requester {
  readonly #nats: NatsConnection;
  readonly #user: string;
  readonly #processId = randomUUID();
  readonly #isConnected: () => boolean;
  readonly #spans: Spans;
  readonly #pending = new Map<number, Pending>();
  /** Which requests left in a batch, until anything is heard of it: "no responders" comes first and alone. */
  readonly #batches = new Map<number, readonly Item[]>();
  readonly #outgoing: Coalescer;
  readonly #inbox: Subscription;
  #lastId = 0;
  #lastBatch = 0;

  constructor(nats: NatsConnection, turn: Turn, user: string, isConnected: () => boolean, spans: Spans) {
    this.#nats = nats;
    this.#user = user;
    this.#isConnected = isConnected;
    this.#spans = spans;
    this.#outgoing = new Coalescer(turn, (subject, items) => { this.#publish(subject, items); });
    this.#inbox = nats.subscribe(inboxSubject(user, this.#processId, '*'), {
      callback: (error, message) => { if (error === null) this.#receive(message); },
    });
  }

  send(subject: string, payload: unknown, { actor, machine, socket, trace, timeoutMs, group }: RequestOptions): Promise<Json> {
    const id = ++this.#lastId;
    const span = trace && this.#spans.begin(subject, 'client', { parent: trace, attributes: { ...NATS_RPC, 'rpc.method': subject } });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => { this.#fail(id, new Failure('TIMEOUT')); }, timeoutMs);
      this.#pending.set(id, { resolve, reject, timer, method: subject, startedAt: performance.now(), span, batch: 0 });
      if (timeoutMs <= 0) this.#fail(id, new Failure('TIMEOUT'));
      else if (!this.#isConnected()) this.#fail(id, new Failure('UNAVAILABLE'));
      if (!this.#pending.has(id)) return;
      this.#outgoing.add(subject, { id, group, text: JSON.stringify({ id, actor, machine, socket, ttlMs: timeoutMs, traceparent: span && traceparentOf(span.trace), origin: span?.trace.origin, payload }) });
    });
  }

  close(): void {
    this.#inbox.unsubscribe();
    for (const id of [...this.#pending.keys()]) this.#fail(id, new Failure('UNAVAILABLE'));
  }

  #publish(subject: string, items: readonly Item[]): void {
    const batch = ++this.#lastBatch;
    for (const { id } of items) {
      const pending = this.#pending.get(id);
      if (pending !== undefined) pending.batch = batch;
    }
    if (items.some(({ id }) => this.#pending.has(id))) this.#batches.set(batch, items);
    try {
      this.#nats.publish(subject, jsonArray(items), { reply: inboxSubject(this.#user, this.#processId, batch) });
      failpoint('bus.requestPublished');
    } catch (error) {
      this.#failBatch(batch, error);
    }
  }

  #receive(message: Msg): void {
    const batch = Number(message.subject.slice(message.subject.lastIndexOf('.') + 1));
    if (message.headers?.code === NO_RESPONDERS) {
      this.#failBatch(batch);
      return;
    }
    for (const answer of decodeAnswers(message.string())) this.#answer(answer);
  }

  #answer(answer: Answer): void {
    if ('failure' in answer) this.#fail(answer.id, new Failure(answer.failure.code, answer.failure.details));
    else this.#take(answer.id)?.resolve(answer.reply);
  }

  #fail(id: number, failure: Failure): void {
    this.#take(id, failure.code)?.reject(failure);
  }

  #failBatch(batch: number, cause?: unknown): void {
    for (const { id } of this.#batches.get(batch) ?? []) this.#fail(id, new Failure('UNAVAILABLE', undefined, { cause }));
  }

  #take(id: number, outcome?: ErrorCode): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    this.#batches.delete(pending.batch);
    clearTimeout(pending.timer);
    pending.span?.end(outcome);
    durations.record(performance.now() - pending.startedAt, pending.method, outcome);
    return pending;
  }
}
