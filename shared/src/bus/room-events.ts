import { setTimeout as sleep } from 'node:timers/promises';
import {
  headers,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { RoomOwner } from '../contracts/define.ts';
import type { LogEntry } from '../contracts/log.ts';
import { Failure } from '../errors.ts';
import { Counter } from '../telemetry/instruments.ts';
import type { Spans } from '../telemetry/spans.ts';
import { readTraceparent, traceparentOf, type Trace } from '../telemetry/trace.ts';
import { decodeRoomEvent, encodeRoomEvent, type RoomEventFrame } from './envelope.ts';
import { guard } from './guard.ts';
import { jsonOf } from './json.ts';
import { REQUEST_TIMEOUT_MS } from './requester.ts';
import { roomAttributes } from './semantics.ts';
import { ownerOfRoomSubject, roomSubject, roomTemplate, roomWildcard } from './subjects.ts';
import type { Tick } from './tick.ts';

const published = new Counter(
  'switchboard.room_events.published',
  '{event}',
  'Room events published to the gateways',
  'event',
);

export interface RoomSubscription {
  /**
   * Resolves once the server has the subscription: events published after that are received. Throws
   * UNAVAILABLE or TIMEOUT.
   */
  untilSubscribed(): Promise<void>;
  stop(): void;
}

/** Room events over core NATS: published once, received at most once. */
export class RoomEvents {
  readonly #nats: NatsConnection;
  readonly #tick: Tick;
  readonly #isConnected: () => boolean;
  readonly #spans: Spans;
  readonly #logger: Logger;
  #roundTrip: Promise<void> | undefined;

  constructor(nats: NatsConnection, tick: Tick, isConnected: () => boolean, spans: Spans, logger: Logger) {
    this.#nats = nats;
    this.#tick = tick;
    this.#isConnected = isConnected;
    this.#spans = spans;
    this.#logger = logger;
  }

  publish(
    owner: RoomOwner,
    chatId: string,
    { event, rev, author, socketId, afterRev, payload }: Omit<LogEntry, 'rev'> & { rev?: number },
    cause: Trace,
  ): void {
    const frame = encodeRoomEvent({
      meta: { event, rev, author, socketId, afterRev, origin: cause.origin },
      payload: jsonOf(payload),
    });
    const span = this.#spans.begin(`publish ${roomTemplate(owner)}`, 'producer', {
      parent: cause,
      attributes: roomAttributes('publish', owner, event),
    });
    const subject = roomSubject(chatId, owner);
    this.#tick.defer(() => {
      try {
        this.#nats.publish(subject, frame, { headers: traceHeaders(span.trace) });
        span.end();
        published.add(1, event);
      } catch (error) {
        span.end('UNAVAILABLE');
        this.#logger.warn(
          { err: error, event, trace_id: cause.traceId },
          'bus: publishing a room event failed; gateways read durable ones from the log',
        );
      }
    });
  }

  follow(chatId: string, receive: (owner: RoomOwner, frame: RoomEventFrame) => void): RoomSubscription {
    const subject = roomWildcard(chatId);
    const callback = (error: Error | null, message: Msg) => {
      const owner = ownerOfRoomSubject(message.subject);
      if (error === null && owner !== undefined)
        guard(this.#logger, () => {
          receive(owner, this.#read(owner, message));
        });
    };
    let subscription: Subscription | undefined;
    let isWanted = true;
    this.#tick.defer(() => {
      guard(this.#logger, () => {
        if (isWanted) subscription = this.#nats.subscribe(subject, { callback });
      });
    });
    return {
      untilSubscribed: () => this.#reachServer(),
      stop: () => {
        isWanted = false;
        subscription?.unsubscribe();
      },
    };
  }

  #read(owner: RoomOwner, message: Msg): RoomEventFrame {
    const frame = decodeRoomEvent(message.string());
    const parent = readTraceparent(message.headers?.get('traceparent'));
    return {
      ...frame,
      span:
        parent &&
        this.#spans.begin(`process ${roomTemplate(owner)}`, 'consumer', {
          parent,
          attributes: roomAttributes('process', owner, frame.meta.event),
        }),
    };
  }

  async #reachServer(): Promise<void> {
    if (!this.#isConnected()) throw new Failure('UNAVAILABLE');
    const isLate = Symbol('late');
    const outcome = await Promise.race([
      this.#flushOnce(),
      sleep(REQUEST_TIMEOUT_MS, isLate, { ref: false }),
    ]).catch((cause: unknown) => {
      throw new Failure('UNAVAILABLE', undefined, { cause });
    });
    if (outcome === isLate) throw new Failure('TIMEOUT');
  }

  /** Resolves once the server has what this process wrote in this tick. All callers of a tick share it. */
  #flushOnce(): Promise<void> {
    this.#roundTrip ??= new Promise((resolve) => {
      this.#tick.defer(() => {
        this.#roundTrip = undefined;
        resolve(this.#nats.flush());
      });
    });
    return this.#roundTrip;
  }
}

/** Only recorded traces travel: parsing a header costs the receivers that ignore it. */
function traceHeaders(trace: Trace): MsgHdrs | undefined {
  if (!trace.isSampled) return undefined;
  const carrier = headers();
  carrier.set('traceparent', traceparentOf(trace));
  return carrier;
}
