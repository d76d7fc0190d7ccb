import { setTimeout as sleep } from 'node:timers/promises';
import { headers, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { PayloadOf, ReplyOf, RequestContract, RoomEventContract, SignalContract } from '../contracts/define.ts';
import type { z } from 'zod';
import type { RoomOwner } from '../contracts/define.ts';
import type { LogEntry } from '../contracts/log.ts';
import { parse } from '../contracts/parse.ts';
import { Failure } from '../errors.ts';
import { connect, type NatsOptions } from './connect.ts';
import { decodeRoomEvent, encodeRoomEvent, type RoomEventFrame } from './envelope.ts';
import type { Asker, RoutesOf } from './handler.ts';
import { jsonOf, type Json } from './json.ts';
import { Requester } from './requester.ts';
import { serve, type Server } from './serve.ts';
import { ownerOfRoomSubject, roomSubject, roomTemplate, roomWildcard } from './subjects.ts';
import { Counts, observe } from './instruments.ts';
import { roomAttributes } from './semantics.ts';
import { noRecorder, Spans, type SpanRecorder } from './spans.ts';
import { readTraceparent, traceparentOf, type Trace } from './trace.ts';
import { Turn } from './turn.ts';

/** What is under way is answered within REQUEST_TIMEOUT_MS, or nobody waits for it any more. */
const CLOSE_WITHIN_MS = 3_000;

const published = new Counts('switchboard.room_events.published', '{event}', 'Room events told to the gateways', 'event');
const reconnections = new Counts('switchboard.nats.reconnections', '{reconnection}', 'Times that NATS was found again');

/** An answer that takes longer is no answer: well under the two seconds in which a client hears of a failure. */
export const REQUEST_TIMEOUT_MS = 1_500;

export interface BusOptions extends NatsOptions {
  /** Where spans go; nowhere unless told. */
  readonly recorder?: SpanRecorder;
}

export interface Asking extends Asker {
  /** Of the work that asks; without it there is no span. */
  readonly trace?: Trace | undefined;
  readonly timeoutMs?: number;
  /** Requests of one group that leave in the same turn reach one replica, in order. */
  readonly group?: string;
}

export interface RoomSubscription {
  /** Resolves once the server has the subscription: what is published from then on is heard. Throws UNAVAILABLE or TIMEOUT. */
  untilHeard(): Promise<void>;
  stop(): void;
}

/** One process's connection to everything else. Publishing may lose; requests fail as the Requester says. */
export class Bus {
  readonly #nats: NatsConnection;
  readonly #requester: Requester;
  readonly #logger: Logger;
  readonly #servers: Server[] = [];
  readonly #turn = new Turn();
  #hearing: Promise<void> | undefined;
  readonly #isConnected: () => boolean;
  readonly #stopObserving: () => void;
  /** The spans of this process. */
  readonly spans: Spans;

  private constructor(nats: NatsConnection, isConnected: () => boolean, { user, logger, recorder = noRecorder }: BusOptions) {
    this.#nats = nats;
    this.#isConnected = isConnected;
    this.#logger = logger;
    this.spans = new Spans(recorder);
    this.#requester = new Requester(nats, this.#turn, user, isConnected, this.spans);
    this.#stopObserving = observe('switchboard.nats.connected', '', '1 while NATS is there, else 0', () => [{ labels: {}, value: this.isConnected ? 1 : 0 }]);
    reconnections.add(0);
    this.onReconnect(() => { reconnections.add(1); });
  }

  /** Waits for NATS as long as it takes; from then on it reconnects for ever. */
  static async connect(options: BusOptions): Promise<Bus> {
    const { nats, isConnected } = await connect(options);
    return new Bus(nats, isConnected, options);
  }

  get isConnected(): boolean {
    return this.#isConnected();
  }

  /** Asks the owner; the reply is read by the contract, unknown fields left out. */
  async request<C extends RequestContract>(contract: C, payload: z.input<C['payload']>, asking: Asking = {}): Promise<ReplyOf<C>> {
    const reply = await this.forward(contract, payload, asking);
    return parse<C['reply']>(contract.reply, reply.toJSON());
  }

  /** The same for those who only pass the reply on: it is not read. */
  forward(contract: RequestContract, payload: unknown, { trace, timeoutMs = REQUEST_TIMEOUT_MS, ...asking }: Asking): Promise<Json> {
    return this.#requester.send(contract.subject, payload, { ...asking, trace, timeoutMs });
  }

  serve<T extends Record<string, RequestContract>>(contracts: T, routes: RoutesOf<T>): void {
    const serveOne = (name: keyof T) => {
      this.#servers.push(serve(this.#nats, this.#turn, contracts[name], routes[name], this.spans, this.#logger));
    };
    for (const name of Object.keys(contracts)) serveOne(name);
  }

  /** Tells every gateway that follows the room, once. */
  publish<C extends RoomEventContract>(contract: C, chatId: string, payload: PayloadOf<C>, trace: Trace): void {
    this.#publish(contract.owner, chatId, { event: contract.event, author: contract.author(payload), payload }, trace);
  }

  /** Tells them what the owner's log holds from now on; whoever misses it reads it there. */
  publishEntry(owner: RoomOwner, chatId: string, entry: LogEntry, trace: Trace): void {
    this.#publish(owner, chatId, entry, trace);
  }

  #publish(owner: RoomOwner, chatId: string, { event, rev, author, payload }: Omit<LogEntry, 'rev'> & { rev?: number }, cause: Trace): void {
    const frame = encodeRoomEvent({ meta: { event, rev, author, origin: cause.origin }, payload: jsonOf(payload) });
    const span = this.spans.begin(`publish ${roomTemplate(owner)}`, 'producer', { parent: cause, attributes: roomAttributes('publish', owner, event) });
    const subject = roomSubject(chatId, owner);
    this.#turn.leave(() => {
      try {
        this.#nats.publish(subject, frame, { headers: traceHeaders(span.trace) });
        span.end();
        published.add(1, event);
      } catch (error) {
        span.end('UNAVAILABLE');
        this.#logger.warn({ err: error, event, trace_id: cause.traceId }, 'a room event could not be published; followers will read it from the log');
      }
    });
  }

  followRoom(chatId: string, hear: (owner: RoomOwner, frame: RoomEventFrame) => void): RoomSubscription {
    const subject = roomWildcard(chatId);
    const callback = (error: Error | null, message: Msg) => {
      const owner = ownerOfRoomSubject(message.subject);
      if (error === null && owner !== undefined) this.#guard(() => { hear(owner, this.#read(owner, message)); });
    };
    let subscription: Subscription | undefined;
    let isWanted = true;
    this.#turn.leave(() => { this.#guard(() => { if (isWanted) subscription = this.#nats.subscribe(subject, { callback }); }); });
    return {
      untilHeard: () => this.#reachServer(),
      stop: () => {
        isWanted = false;
        subscription?.unsubscribe();
      },
    };
  }

  #read(owner: RoomOwner, message: Msg): RoomEventFrame {
    const frame = decodeRoomEvent(message.string());
    const parent = readTraceparent(message.headers?.get('traceparent'));
    return { ...frame, span: parent && this.spans.begin(`process ${roomTemplate(owner)}`, 'consumer', { parent, attributes: roomAttributes('process', owner, frame.meta.event) }) };
  }

  async #reachServer(): Promise<void> {
    if (!this.isConnected) throw new Failure('UNAVAILABLE');
    const isLate = Symbol('late');
    const outcome = await Promise.race([this.#answered(), sleep(REQUEST_TIMEOUT_MS, isLate, { ref: false })])
      .catch((cause: unknown) => { throw new Failure('UNAVAILABLE', undefined, { cause }); });
    if (outcome === isLate) throw new Failure('TIMEOUT');
  }

  /** Resolves once the server has heard all that this process has said in this turn: those who ask within one share the answer. */
  #answered(): Promise<void> {
    this.#hearing ??= new Promise((resolve) => {
      this.#turn.leave(() => {
        this.#hearing = undefined;
        resolve(this.#nats.flush());
      });
    });
    return this.#hearing;
  }

  signal<C extends SignalContract>(contract: C, payload: z.input<C['payload']>): void {
    this.#nats.publish(contract.subject, JSON.stringify(payload));
  }

  onSignal<C extends SignalContract>(contract: C, hear: (payload: PayloadOf<C>) => void): void {
    this.#nats.subscribe(contract.subject, {
      callback: (error, message) => {
        if (error === null) this.#guard(() => { hear(parse<C['payload']>(contract.payload, message.json())); });
      },
    });
  }

  /** Called after every reconnection: whatever was published meanwhile may have been missed. */
  onReconnect(run: () => void): void {
    void this.#watch(run);
  }

  /** What arrives unasked must not be able to end the process. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#logger.error({ err: error }, 'something heard over NATS could not be handled');
    }
  }

  async #watch(run: () => void): Promise<void> {
    for await (const status of this.#nats.status()) if (status.type === 'reconnect') run();
  }

  /** Resolves once the server has everything that was published so far. */
  async flush(): Promise<void> {
    this.#turn.end();
    await this.#nats.flush();
  }

  /** Takes no new requests, answers those it has, sends what is to be sent, closes; a dead server is not waited for. */
  async close(): Promise<void> {
    const finished = Promise.all(this.#servers.map((server) => server.stop())).then(() => this.flush());
    await Promise.race([finished.catch(() => undefined), sleep(CLOSE_WITHIN_MS, undefined, { ref: false })]);
    this.#stopObserving();
    this.#requester.close();
    await this.#nats.close();
  }
}

// Only what is recorded names its trace on the way: a header costs those who do not look at it.
function traceHeaders(trace: Trace): MsgHdrs | undefined {
  if (!trace.isSampled) return undefined;
  const carrier = headers();
  carrier.set('traceparent', traceparentOf(trace));
  return carrier;
}
