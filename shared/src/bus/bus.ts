import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type {
  Owner,
  PayloadOf,
  ReplyOf,
  RequestContract,
  RoomEventContract,
  RoomOwner,
  SignalContract,
} from '../contracts/define.ts';
import type { LogEntry } from '../contracts/log.ts';
import { parse } from '../contracts/parse.ts';
import { Counter, observeGauge } from '../telemetry/instruments.ts';
import { randomHex } from '../random.ts';
import { noRecorder, Spans, type SpanRecorder } from '../telemetry/spans.ts';
import type { Trace } from '../telemetry/trace.ts';
import { announce } from './announcement.ts';
import { connect, type NatsOptions } from './connect.ts';
import type { RoomEventFrame } from './envelope.ts';
import { guard } from './guard.ts';
import type { Identity, RoutesOf } from './handler.ts';
import type { Json } from './json.ts';
import { REQUEST_TIMEOUT_MS, Requester } from './requester.ts';
import { RoomEvents, type RoomSubscription } from './room-events.ts';
import { serve, type Server } from './serve.ts';
import { Standstill } from './standstill.ts';
import { ownerOf } from './subjects.ts';
import { Tick } from './tick.ts';

/** Longer than REQUEST_TIMEOUT_MS: after that no caller waits for a reply. */
const CLOSE_WITHIN_MS = 3_000;

const reconnections = new Counter(
  'switchboard.nats.reconnections',
  '{reconnection}',
  'Reconnections to NATS',
);

export interface BusOptions extends NatsOptions {
  /** Receives the spans; without it none are recorded. */
  readonly recorder?: SpanRecorder;
  /**
   * The owners to which this process sends requests: it knows their replicas before the first one. Those of
   * another owner it knows from the first request on.
   */
  readonly calls?: readonly Owner[];
}

export interface RequestOptions extends Identity {
  /** The trace of the caller's work; without it the request has no span. */
  readonly trace?: Trace | undefined;
  readonly timeoutMs?: number;
  /** Requests of one group that leave in the same tick reach one replica, in order. */
  readonly group?: string;
}

/** A process's connection to NATS. Published events may be lost; requests fail as `Requester` says. */
export class Bus {
  readonly #nats: NatsConnection;
  readonly #requester: Requester;
  readonly #roomEvents: RoomEvents;
  readonly #logger: Logger;
  /** The name of this process among the replicas of its service. */
  readonly #replica = randomHex(6);
  readonly #servers: Server[] = [];
  /** What ends before this replica stops serving: announcements, the watch for standstills. */
  readonly #withdrawals: (() => void)[] = [];
  readonly #tick = new Tick();
  readonly #isConnected: () => boolean;
  readonly #stopObserving: () => void;
  /** The spans of this process. */
  readonly spans: Spans;

  private constructor(
    nats: NatsConnection,
    isConnected: () => boolean,
    { user, logger, recorder = noRecorder, calls = [] }: BusOptions,
  ) {
    this.#nats = nats;
    this.#isConnected = isConnected;
    this.#logger = logger;
    this.spans = new Spans(recorder);
    this.#requester = new Requester(nats, this.#tick, user, isConnected, this.spans, logger);
    for (const owner of calls) this.#requester.followReplicas(owner);
    this.#roomEvents = new RoomEvents(nats, this.#tick, isConnected, this.spans, logger);
    this.#stopObserving = observeGauge(
      'switchboard.nats.connected',
      '',
      '1 while connected to NATS, else 0',
      () => [{ labels: {}, value: this.isConnected ? 1 : 0 }],
    );
    reconnections.add(0);
    this.onReconnect(() => {
      reconnections.add(1);
      this.#requester.forgiveReplicas();
    });
  }

  /** Waits for NATS without a limit. Afterwards the connection reconnects without a limit. */
  static async connect(options: BusOptions): Promise<Bus> {
    const { nats, isConnected } = await connect(options);
    return new Bus(nats, isConnected, options);
  }

  get isConnected(): boolean {
    return this.#isConnected();
  }

  /** Sends a request to the contract's owner and parses the reply; unknown fields are dropped. */
  async request<C extends RequestContract>(
    contract: C,
    payload: z.input<C['payload']>,
    options: RequestOptions = {},
  ): Promise<ReplyOf<C>> {
    const reply = await this.forward(contract, payload, options);
    return parse<C['reply']>(contract.reply, reply.toJSON());
  }

  /** `request` without parsing, for a caller that only passes the reply on. */
  forward(
    contract: RequestContract,
    payload: unknown,
    { trace, timeoutMs = REQUEST_TIMEOUT_MS, ...options }: RequestOptions,
  ): Promise<Json> {
    return this.#requester.send(contract, payload, { ...options, trace, timeoutMs });
  }

  serve<T extends Record<string, RequestContract>>(contracts: T, routes: RoutesOf<T>): void {
    const standstill = new Standstill(() => this.#nats.flush(), this.#logger);
    const parts = {
      nats: this.#nats,
      tick: this.#tick,
      replica: this.#replica,
      standstill,
      spans: this.spans,
      logger: this.#logger,
    };
    const serveOne = (name: keyof T) => {
      this.#servers.push(serve(contracts[name], routes[name], parts));
    };
    for (const name of Object.keys(contracts)) serveOne(name);
    const owners = new Set(Object.values(contracts).map(({ subject }) => ownerOf(subject)));
    this.#withdrawals.push(...[...owners].map((owner) => announce(this.#nats, owner, this.#replica)), () => {
      standstill.stop();
    });
  }

  /** Publishes an event that is not durable to every gateway that follows the room. */
  publish<C extends RoomEventContract>(
    contract: C,
    chatId: string,
    payload: PayloadOf<C>,
    trace: Trace,
  ): void {
    this.#roomEvents.publish(
      contract.owner,
      chatId,
      { event: contract.event, author: contract.author(payload), payload },
      trace,
    );
  }

  /** Publishes an entry of the owner's log after COMMIT. A gateway that misses it reads the log. */
  publishEntry(owner: RoomOwner, chatId: string, entry: LogEntry, trace: Trace): void {
    this.#roomEvents.publish(owner, chatId, entry, trace);
  }

  followRoom(chatId: string, receive: (owner: RoomOwner, frame: RoomEventFrame) => void): RoomSubscription {
    return this.#roomEvents.follow(chatId, receive);
  }

  signal<C extends SignalContract>(contract: C, payload: z.input<C['payload']>): void {
    this.#nats.publish(contract.subject, JSON.stringify(payload));
  }

  onSignal<C extends SignalContract>(contract: C, receive: (payload: PayloadOf<C>) => void): void {
    this.#nats.subscribe(contract.subject, {
      callback: (error, message) => {
        if (error === null)
          guard(this.#logger, () => {
            receive(parse<C['payload']>(contract.payload, message.json()));
          });
      },
    });
  }

  /** Calls `run` after every reconnection: events published in between may be lost. */
  onReconnect(run: () => void): void {
    void this.#watch(run);
  }

  async #watch(run: () => void): Promise<void> {
    for await (const status of this.#nats.status()) if (status.type === 'reconnect') run();
  }

  /** Resolves once the server has everything published so far. */
  async flush(): Promise<void> {
    this.#tick.flush();
    await this.#nats.flush();
  }

  /**
   * Accepts no new requests, replies to the accepted ones, flushes and closes. Waits at most
   * `CLOSE_WITHIN_MS`, since the server may be gone.
   */
  async close(): Promise<void> {
    for (const withdraw of this.#withdrawals) withdraw();
    const finished = Promise.all(this.#servers.map((server) => server.stop())).then(() => this.flush());
    await Promise.race([finished.catch(() => undefined), sleep(CLOSE_WITHIN_MS, undefined, { ref: false })]);
    this.#stopObserving();
    this.#requester.close();
    await this.#nats.close();
  }
}
