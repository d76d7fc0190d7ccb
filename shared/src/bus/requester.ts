import { randomUUID } from 'node:crypto';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { Owner, RequestContract, RequestSubject } from '../contracts/define.ts';
import { Failure, type ErrorCode } from '../errors.ts';
import { Batches, type Batch } from './batches.ts';
import { Coalescer, jsonArray, split, type Item } from './coalesce.ts';
import { decodeReplies, type WireReply } from './envelope.ts';
import type { Identity } from './handler.ts';
import type { Json } from './json.ts';
import { Replicas } from './replicas.ts';
import {
  addressedSubject,
  inboxSubject,
  inboxToken,
  ownerOf,
  probeToken,
  readProbeToken,
  serviceOf,
} from './subjects.ts';
import { Counter, DurationHistogram } from '../telemetry/instruments.ts';
import { NATS_RPC, RPC_LABELS } from './semantics.ts';
import type { OpenSpan, Spans } from '../telemetry/spans.ts';
import { traceparentOf, type Trace } from '../telemetry/trace.ts';
import type { Tick } from './tick.ts';

/** Below the two seconds after which a client sees a failure. */
export const REQUEST_TIMEOUT_MS = 1_500;

export interface SendOptions extends Identity {
  /** The trace of the caller's work. Undefined for the process's own work, which has no spans. */
  readonly trace: Trace | undefined;
  readonly timeoutMs: number;
  /** Requests of one group that leave in the same tick reach one replica, in order. */
  readonly group?: string | undefined;
}

interface Pending {
  readonly resolve: (reply: Json) => void;
  readonly reject: (failure: Failure) => void;
  readonly timer: NodeJS.Timeout;
  readonly method: string;
  readonly startedAt: number;
  readonly expiresAt: number;
  readonly isIdempotent: boolean;
  readonly span: OpenSpan | undefined;
  readonly encode: (ttlMs: number) => string;
  batch: Batch | undefined;
  resends: number;
}

const durations = new DurationHistogram(
  'rpc.client.call.duration',
  'From sending a request to its reply',
  RPC_LABELS,
  NATS_RPC,
);
const resends = new Counter(
  'switchboard.rpc.resends',
  '{request}',
  'Requests that were sent again to another replica, by service',
  'service',
);

const NO_RESPONDERS = 503;
/** Of a request to the queue group, whose replica is unknown, before it goes to a replica with a lease. */
const GROUP_PATIENCE = 2;
/** Of a request that replicas do not execute because they stood still. */
const MAX_RESENDS = 5;
/** With less time left a request is not sent again. */
const RESEND_WITHIN_MS = 20;

/**
 * Sends requests and receives the replies on an inbox of its own. A request goes to a replica with a lease;
 * when none is known, to the queue group. A request that NATS could not deliver goes to another replica. So
 * does an idempotent one whose replica lost its lease.
 *
 * A request fails with UNAVAILABLE at once when NATS is not connected, no replica serves the subject or every
 * replica is frozen. It fails with TIMEOUT when no reply came in time: the owner may have executed it.
 */
export class Requester {
  readonly #nats: NatsConnection;
  readonly #user: string;
  readonly #processId = randomUUID();
  readonly #isConnected: () => boolean;
  readonly #spans: Spans;
  readonly #replicas: Replicas;
  readonly #pending = new Map<number, Pending>();
  readonly #batches = new Batches();
  readonly #outgoing: Coalescer<RequestSubject>;
  readonly #inbox: Subscription;
  #lastId = 0;

  constructor(
    nats: NatsConnection,
    tick: Tick,
    user: string,
    isConnected: () => boolean,
    spans: Spans,
    logger: Logger,
  ) {
    this.#nats = nats;
    this.#user = user;
    this.#isConnected = isConnected;
    this.#spans = spans;
    this.#outgoing = new Coalescer(tick, (subject, items) => {
      this.#publish(subject, items);
    });
    this.#inbox = nats.subscribe(inboxSubject(user, this.#processId, '*'), {
      callback: (error, message) => {
        if (error === null) this.#receive(message);
      },
    });
    this.#replicas = new Replicas(nats, {
      isConnected,
      logger,
      probeReply: (owner, replica) => inboxSubject(user, this.#processId, probeToken(owner, replica)),
      onJudged: () => {
        this.#resendFromSilent();
      },
    });
  }

  send(
    contract: RequestContract,
    payload: unknown,
    { actor, machine, socket, trace, timeoutMs, group }: SendOptions,
  ): Promise<Json> {
    const id = ++this.#lastId;
    const { subject } = contract;
    const span =
      trace &&
      this.#spans.begin(subject, 'client', {
        parent: trace,
        attributes: { ...NATS_RPC, 'rpc.method': subject },
      });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#fail(id, new Failure('TIMEOUT'));
      }, timeoutMs);
      const startedAt = performance.now();
      const encode = (ttlMs: number): string =>
        JSON.stringify({
          id,
          actor,
          machine,
          socket,
          ttlMs,
          traceparent: span && traceparentOf(span.trace),
          origin: span?.trace.origin,
          payload,
        });
      this.#pending.set(id, {
        resolve,
        reject,
        timer,
        method: subject,
        startedAt,
        expiresAt: startedAt + timeoutMs,
        isIdempotent: contract.isIdempotent(payload),
        span,
        encode,
        batch: undefined,
        resends: 0,
      });
      if (timeoutMs <= 0) this.#fail(id, new Failure('TIMEOUT'));
      else if (!this.#isConnected()) this.#fail(id, new Failure('UNAVAILABLE'));
      if (!this.#pending.has(id)) return;
      this.#outgoing.add(subject, { id, group, text: encode(timeoutMs) });
    });
  }

  /** Knows the replicas of this owner before the first request. */
  followReplicas(owner: Owner): void {
    this.#replicas.of(owner);
    resends.add(0, serviceOf(owner));
  }

  /** After a reconnection. */
  forgiveReplicas(): void {
    this.#replicas.forgive();
  }

  close(): void {
    this.#replicas.stop();
    this.#inbox.unsubscribe();
    for (const id of [...this.#pending.keys()]) this.#fail(id, new Failure('UNAVAILABLE'));
  }

  #publish(subject: RequestSubject, items: readonly Item[]): void {
    const replicas = this.#replicas.of(ownerOf(subject));
    const replica = replicas.next();
    const batch = this.#batches.open(subject, replica, items);
    for (const { id } of items) {
      const pending = this.#pending.get(id);
      if (pending !== undefined) this.#batches.enter(pending, batch);
    }
    this.#batches.forgetIfEmpty(batch);
    if (replicas.isFrozen) {
      this.#failBatch(batch);
      return;
    }
    try {
      this.#nats.publish(
        replica === undefined ? subject : addressedSubject(subject, replica),
        jsonArray(items),
        { reply: inboxSubject(this.#user, this.#processId, batch.number) },
      );
    } catch (error) {
      this.#failBatch(batch, error);
    }
  }

  #receive(message: Msg): void {
    if (message.headers?.code === NO_RESPONDERS) this.#notDelivered(inboxToken(message.subject));
    else
      for (const reply of decodeReplies(message.string())) {
        if ('notExecuted' in reply) this.#notExecuted(reply.id, Number(inboxToken(message.subject)));
        else this.#settle(reply);
      }
  }

  /** Its replica stood still while the request waited, so it goes out again, unless it has already. */
  #notExecuted(id: number, batch: number): void {
    const pending = this.#pending.get(id);
    if (pending?.batch?.number !== batch) return;
    if (pending.resends >= MAX_RESENDS) this.#fail(id, new Failure('UNAVAILABLE'));
    else this.#resend(pending.batch, (one) => one === pending);
  }

  #notDelivered(token: string): void {
    const probed = readProbeToken(token);
    if (probed !== undefined) {
      this.#replicas.gone(probed.owner, probed.replica);
      return;
    }
    const batch = this.#batches.find(Number(token));
    if (batch === undefined) return;
    if (batch.replica === undefined) {
      this.#failBatch(batch);
      return;
    }
    this.#replicas.gone(ownerOf(batch.subject), batch.replica);
    this.#resend(batch, () => true);
  }

  /** A silent replica may execute its requests later, so only idempotent ones are sent again. */
  #resendFromSilent(): void {
    for (const batch of this.#batches) {
      const replicas = this.#replicas.of(ownerOf(batch.subject));
      batch.age += 1;
      const isLost =
        batch.replica === undefined ? batch.age >= GROUP_PATIENCE : !replicas.holdsLease(batch.replica);
      if (isLost && replicas.live.length > 0) this.#resend(batch, ({ isIdempotent }) => isIdempotent);
    }
  }

  #resend(batch: Batch, isDue: (pending: Pending) => boolean): void {
    const now = performance.now();
    const items = batch.items.flatMap(({ id, group }): Item[] => {
      const pending = this.#pending.get(id);
      if (pending?.batch !== batch || !isDue(pending)) return [];
      const ttlMs = pending.expiresAt - now;
      if (ttlMs < RESEND_WITHIN_MS) return [];
      pending.resends += 1;
      return [{ id, group, text: pending.encode(ttlMs) }];
    });
    resends.add(items.length, serviceOf(ownerOf(batch.subject)));
    for (const part of split(items)) this.#publish(batch.subject, part);
  }

  #settle(reply: Exclude<WireReply, { notExecuted: true }>): void {
    if ('failure' in reply) this.#fail(reply.id, new Failure(reply.failure.code, reply.failure.details));
    else this.#end(reply.id)?.resolve(reply.reply);
  }

  #fail(id: number, failure: Failure): void {
    this.#end(id, failure.code)?.reject(failure);
  }

  #failBatch(batch: Batch, cause?: unknown): void {
    for (const { id } of batch.items)
      if (this.#pending.get(id)?.batch === batch)
        this.#fail(id, new Failure('UNAVAILABLE', undefined, { cause }));
  }

  #end(id: number, outcome?: ErrorCode): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    this.#batches.leave(pending);
    clearTimeout(pending.timer);
    const { span, resends, method } = pending;
    span?.end(outcome, resends > 0 ? { 'switchboard.resends': resends } : undefined);
    durations.record(performance.now() - pending.startedAt, method, outcome);
    return pending;
  }
}
