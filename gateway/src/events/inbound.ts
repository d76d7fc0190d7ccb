// The path of one client event:
//
//   frame ─▶ look up offer ─▶ rate limits ─▶ parse payload ─▶ backlog ─▶ throttle ─▶ queue of the chat
//                                                                                        │
//   socket ◀─ reply ◀─ NATS request to the owner, or a handler of the edge ◀─────────────┘
//
// A batch goes from the backlog to the queues of all its chats at once, as several events (batch.ts).
// Each step may throw a Failure, which becomes the reply.

import { REQUEST_TIMEOUT_MS, type RequestOptions, type Bus } from '@switchboard/shared/bus';
import { type Trace } from '@switchboard/shared/telemetry';
import { parse, type Batch, type SocketBinding } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import { z } from 'zod';
import { forReceiver } from '../auth/file-urls.ts';
import { ClientEvent, createSeries } from './client-event.ts';
import { isBehind } from '../connection/backlog.ts';
import { replyToBatch } from './batch.ts';
import type { EventLimits, SocketLimits } from './event-limits.ts';
import { ChatQueues } from './chat-queues.ts';
import { Throttle } from './throttle.ts';
import { offers, type Offer } from './offers.ts';
import { FaultLog } from '../fault-log.ts';
import { isPlain } from './plain.ts';
import { acknowledgeWith, popAcknowledge, replyWithError, type Acknowledge, type Reply } from './reply.ts';
import type { ChatServer, ChatSocket } from '../connection/sockets.ts';

/** Handles an event at the edge, because it needs the socket itself. */
export type EdgeHandler = (
  socket: ChatSocket,
  payload: unknown,
  options: RequestOptions & { trace: Trace },
) => Promise<Reply>;

/**
 * How long an event may wait in its queue. Rejects early: with less time left the outcome could be unknown to
 * the client.
 */
const MAX_WAIT_MS = REQUEST_TIMEOUT_MS - 100;

const OfChat = z.object({ chatId: z.string() });

/** The optional second argument of an event. */
const Extra = z.strictObject({ traceparent: z.string() });

/** The name in telemetry of every event without an offer: clients choose no label values. */
const UNKNOWN = 'unknown event';

export interface Inbound {
  /** Resolves once all events received so far from the socket have their replies. */
  untilReplied(socket: ChatSocket): Promise<void>;
}

export interface InboundParts {
  readonly bus: Bus;
  readonly gatewayId: string;
  readonly edgeHandlers: Readonly<Record<string, EdgeHandler>>;
  readonly limits: EventLimits;
  /** How many events of one socket run at the same time. */
  readonly maxInFlight: number;
  readonly logger: Logger;
}

/** Turns the events of sockets into requests, and the replies into acknowledgements or events. */
export function acceptEvents(io: ChatServer, parts: InboundParts): Inbound {
  createSeries(offers.keys());
  const faults = new FaultLog(parts.logger);
  const all = new WeakMap<ChatSocket, SocketEvents>();
  io.on('connection', (socket) => {
    if (!socket.connected) return;
    const events = new SocketEvents(socket, parts, faults);
    all.set(socket, events);
    socket.on('disconnect', () => {
      events.end();
    });
    socket.onAny((event: string, ...args: unknown[]) => {
      events.receive(event, args);
    });
  });
  return { untilReplied: async (socket) => all.get(socket)?.untilReplied() };
}

/** The events of one socket. Most sockets are silent: what they rarely need is created late. */
class SocketEvents {
  readonly #socket: ChatSocket;
  readonly #parts: InboundParts;
  readonly #faults: FaultLog;
  readonly #queues: ChatQueues;
  readonly #limits: SocketLimits;
  #throttle: Throttle | undefined;
  #inFlight = 0;
  #onReplied: (() => void)[] | undefined;

  constructor(socket: ChatSocket, parts: InboundParts, faults: FaultLog) {
    this.#socket = socket;
    this.#parts = parts;
    this.#faults = faults;
    this.#queues = new ChatQueues(MAX_WAIT_MS, parts.maxInFlight);
    this.#limits = parts.limits.forSocket(socket.data.actor.id);
  }

  receive(event: string, args: unknown[]): void {
    const acknowledge = popAcknowledge(args);
    const { bus, gatewayId } = this.#parts;
    const clientEvent = new ClientEvent(offers.has(event) ? event : UNKNOWN, bus.spans, gatewayId, [
      this.#socket.handshake.auth['traceparent'],
      traceparentOf(args),
    ]);
    const { trace } = clientEvent;
    this.#inFlight += 1;
    void this.#handle(event, args, clientEvent)
      .then(
        ({ binding, data, afterSend }) => {
          const reply = forReceiver(data, this.#socket.data);
          if (acknowledge !== undefined) acknowledgeWith(acknowledge, binding.reply, reply, trace);
          else if (binding.replyOnAckOnly !== true) this.#socket.emit(binding.reply, reply);
          clientEvent.replied();
          afterSend?.();
        },
        (error: unknown) => {
          this.#refuse(error, clientEvent, acknowledge);
        },
      )
      .finally(() => {
        this.#finish();
      });
  }

  /** Resolves once all events received so far have their replies. */
  untilReplied(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      (this.#onReplied ??= []).push(resolve);
    });
  }

  end(): void {
    this.#throttle?.clear();
  }

  #finish(): void {
    this.#inFlight -= 1;
    if (this.#inFlight > 0) return;
    for (const run of this.#onReplied ?? []) run();
    this.#onReplied = undefined;
  }

  async #handle(
    event: string,
    args: readonly unknown[],
    clientEvent: ClientEvent,
  ): Promise<Reply & { binding: SocketBinding<unknown> }> {
    const offer = offers.get(event);
    this.#limits.consume(offer?.binding.throttle !== undefined);
    if (offer === undefined) throw new Failure('UNKNOWN_EVENT');
    const payload = payloadOf(offer, args);
    if (isBehind(this.#socket)) throw new Failure('BUSY');
    const { binding } = offer;
    if (binding.batch !== undefined)
      return { ...(await this.#runBatch(binding.batch, payload, clientEvent)), binding };
    // An event that names no chat queues behind events of its own name.
    const key = OfChat.safeParse(payload).data?.chatId ?? event;
    if (binding.throttle === undefined) {
      this.#throttle?.dropObsolete(key, event);
      return { ...(await this.#enqueue(offer, key, payload, clientEvent, clientEvent.receivedAt)), binding };
    }
    if (this.#queues.isCrowded) throw new Failure('BUSY');
    this.#throttle ??= new Throttle();
    return {
      ...(await this.#throttle.run(key, payload, binding.throttle, (since) =>
        this.#enqueue(offer, key, payload, clientEvent, since),
      )),
      binding,
    };
  }

  /**
   * Each part waits in the queue of its chat, so that it keeps its place among the events about that chat.
   * Then it has the whole timeout.
   */
  #runBatch(batch: Batch<unknown>, payload: unknown, clientEvent: ClientEvent): Promise<Reply> {
    const offer = offers.get(batch.of);
    if (offer === undefined) throw new Error(`events: no event ${batch.of}`);
    this.#limits.charge(Math.max(0, batch.cost(payload) - 1));
    return replyToBatch({
      parts: batch.parts(payload),
      run: async (part, within) => {
        const partPayload = parse(offer.contract.payload, part);
        return this.#queues.runPart(part.chatId, batch.of, () =>
          within(() => this.#request(offer, part.chatId, partPayload, clientEvent, performance.now())),
        );
      },
      failureOf: (error) => {
        const failure = this.#failureOf(error, clientEvent);
        clientEvent.partFailed(failure.code);
        return failure;
      },
    });
  }

  /** Requests in the order of the queue. */
  #enqueue(
    offer: Offer,
    key: string,
    payload: unknown,
    clientEvent: ClientEvent,
    since: number,
  ): Promise<Reply> {
    const { event, pipelined = false } = offer.binding;
    return this.#queues.run(key, event, pipelined, () =>
      this.#request(offer, key, payload, clientEvent, since),
    );
  }

  /** The time spent in the queue, from `since`, counts against the request's timeout. */
  async #request(
    { contract, binding }: Offer,
    key: string,
    payload: unknown,
    clientEvent: ClientEvent,
    since: number,
  ): Promise<Reply> {
    const socket = this.#socket;
    const { bus, gatewayId, edgeHandlers } = this.#parts;
    const group = binding.pipelined === true ? `${socket.id} ${key}` : undefined;
    const waitedMs = performance.now() - since;
    clientEvent.waited(waitedMs);
    const timeoutMs = REQUEST_TIMEOUT_MS - waitedMs;
    if (timeoutMs <= 0) throw new Failure('BUSY');
    const options = {
      actor: socket.data.actor,
      socket: { id: socket.id, gatewayId },
      trace: clientEvent.trace,
      group,
      timeoutMs,
    };
    const atEdge = edgeHandlers[binding.event];
    if (atEdge !== undefined) return atEdge(socket, payload, options);
    if (contract.kind === 'edgeRequest') throw new Error(`events: no edge handler for ${binding.event}`);
    return { data: await bus.forward(contract, payload, options) };
  }

  #refuse(error: unknown, clientEvent: ClientEvent, acknowledge: Acknowledge | undefined): void {
    const failure = this.#failureOf(error, clientEvent);
    const { name, trace } = clientEvent;
    replyWithError(this.#socket, acknowledge, failure, trace);
    this.#parts.logger.debug(
      { event: name, code: failure.code, trace_id: trace.traceId },
      'events: refused an event',
    );
    clientEvent.replied(failure.code);
  }

  /** What the client may see of an error, which is logged. */
  #failureOf(error: unknown, { name, trace }: ClientEvent): Failure {
    if (error instanceof Failure) {
      this.#faults.log('events: an event failed', error, trace, { event: name });
      return error;
    }
    this.#parts.logger.error(
      { err: error, event: name, trace_id: trace.traceId },
      'events: handling an event failed',
    );
    return new Failure('INTERNAL');
  }
}

function payloadOf({ contract, binding }: Offer, args: readonly unknown[]): unknown {
  const [data, extra, ...more] = args;
  if (more.length > 0 || (extra !== undefined && !Extra.safeParse(extra).success))
    throw new Failure('VALIDATION', {
      issues: [
        {
          path: '',
          problem:
            'one argument, { traceparent } beside it if wanted, and an acknowledgement callback if wanted',
        },
      ],
    });
  if (!isPlain(data))
    throw new Failure('VALIDATION', {
      issues: [{ path: '', problem: 'plain JSON is needed, not nested deeply, without bytes' }],
    });
  return parse(binding.form?.payload ?? contract.payload, data);
}

const traceparentOf = ([, extra]: readonly unknown[]): string | undefined =>
  extra === undefined ? undefined : Extra.safeParse(extra).data?.traceparent;
