import { REQUEST_TIMEOUT_MS, type Asking, type Bus, type Trace } from '@switchboard/shared/bus';
import { parse, type SocketBinding } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { failpoint } from '@switchboard/shared/failpoints';
import type { Logger } from '@switchboard/shared/runtime';
import { z } from 'zod';
import { beginMeasuring, ClientEvent } from './client-event.ts';
import { isBehind } from './limits/backlog.ts';
import type { EventLimits, Take } from './limits/event-limits.ts';
import { Lanes } from './limits/lanes.ts';
import { Throttle } from './limits/throttle.ts';
import { offers, type Offer } from './offers.ts';
import { isPlain } from './plain.ts';
import { acknowledgeWith, refuse, takeAcknowledge, type Acknowledge } from './reply.ts';
import type { ChatServer, ChatSocket } from './sockets.ts';

/** What a socket is told in answer to one event; `afterwards` runs once it has been told. */
export interface Answer {
  readonly data: unknown;
  readonly afterwards?: () => void;
}

/** An event that only the edge can carry out, since only it has the sockets. */
export type EdgeEvent = (socket: ChatSocket, payload: unknown, asking: Asking & { trace: Trace }) => Promise<Answer>;

/** How long an event waits for its turn. With less time left it would only become one of which nobody knows whether it happened. */
const PATIENCE_MS = REQUEST_TIMEOUT_MS - 100;

const OfChat = z.object({ chatId: z.string() });

/** What may stand beside a payload. */
const Beside = z.strictObject({ traceparent: z.string() });

/** Clients may emit whatever they like: no name of theirs becomes one of ours. */
const UNKNOWN = 'unknown event';

export interface Inbound {
  /** Resolves once everything that the socket has asked so far is answered. */
  answered(socket: ChatSocket): Promise<void>;
}

export interface InboundParts {
  readonly bus: Bus;
  readonly gatewayId: string;
  readonly edgeEvents: Readonly<Record<string, EdgeEvent>>;
  readonly limits: EventLimits;
  /** How many of a socket's events are at work at once. */
  readonly maxInFlight: number;
  readonly logger: Logger;
}

/** Turns what sockets emit into requests, and their replies into acknowledgements or events. Holds no rule of its own. */
export function acceptEvents(io: ChatServer, parts: InboundParts): Inbound {
  beginMeasuring(offers.keys());
  const all = new WeakMap<ChatSocket, SocketEvents>();
  io.on('connection', (socket) => {
    if (!socket.connected) return;
    const events = new SocketEvents(socket, parts);
    all.set(socket, events);
    socket.on('disconnect', () => { events.end(); });
    socket.onAny((event: string, ...args: unknown[]) => { events.hear(event, args); });
  });
  return { answered: async (socket) => all.get(socket)?.answered() };
}

/** What one socket asks. There are as many as there are sockets: what most of them never need is made when it is needed. */
class SocketEvents {
  readonly #socket: ChatSocket;
  readonly #parts: InboundParts;
  readonly #lanes: Lanes;
  readonly #take: Take;
  #throttle: Throttle | undefined;
  #underWay = 0;
  #onAnswered: (() => void)[] | undefined;

  constructor(socket: ChatSocket, parts: InboundParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#lanes = new Lanes(PATIENCE_MS, parts.maxInFlight);
    this.#take = parts.limits.ofSocket(socket.data.actor.id);
  }

  hear(event: string, args: unknown[]): void {
    const acknowledge = takeAcknowledge(args);
    const { bus, gatewayId } = this.#parts;
    const clientEvent = new ClientEvent(offers.has(event) ? event : UNKNOWN, bus.spans, gatewayId, [this.#socket.handshake.auth['traceparent'], traceparentBeside(args)]);
    const { trace } = clientEvent;
    this.#underWay += 1;
    void this.#answer(event, args, clientEvent).then(
      ({ binding, data, afterwards }) => {
        if (acknowledge !== undefined) acknowledgeWith(acknowledge, binding.reply, data, trace);
        else if (binding.replyOnAckOnly !== true) this.#socket.emit(binding.reply, data);
        clientEvent.answered();
        afterwards?.();
      },
      (error: unknown) => { this.#refuse(error, clientEvent, acknowledge); },
    ).finally(() => { this.#finish(); });
  }

  /** Resolves once everything that was asked so far is answered. */
  answered(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => { (this.#onAnswered ??= []).push(resolve); });
  }

  end(): void {
    this.#throttle?.clear();
  }

  #finish(): void {
    this.#underWay -= 1;
    if (this.#underWay > 0) return;
    for (const run of this.#onAnswered ?? []) run();
    this.#onAnswered = undefined;
  }

  async #answer(event: string, args: readonly unknown[], clientEvent: ClientEvent): Promise<Answer & { binding: SocketBinding<unknown> }> {
    failpoint('gateway.frameRead');
    const offer = offers.get(event);
    this.#take(offer?.binding.throttle !== undefined);
    if (offer === undefined) throw new Failure('UNKNOWN_EVENT');
    const payload = payloadOf(offer, args);
    if (isBehind(this.#socket)) throw new Failure('BUSY');
    const { binding } = offer;
    // What is of no chat waits for others of its own kind only.
    const lane = OfChat.safeParse(payload).data?.chatId ?? event;
    if (binding.throttle === undefined) {
      this.#throttle?.forget(lane, event);
      return { ...await this.#inTurn(offer, lane, payload, clientEvent, clientEvent.arrivedAt), binding };
    }
    if (this.#lanes.isCrowded) throw new Failure('BUSY');
    this.#throttle ??= new Throttle();
    return { ...await this.#throttle.run(lane, payload, binding.throttle, (since) => this.#inTurn(offer, lane, payload, clientEvent, since)), binding };
  }

  /** What waited in the lane has used up some of its time: nobody waits longer for the sake of order. */
  #inTurn({ contract, binding }: Offer, lane: string, payload: unknown, clientEvent: ClientEvent, since: number): Promise<Answer> {
    const socket = this.#socket;
    const { bus, gatewayId, edgeEvents } = this.#parts;
    const group = binding.pipelined === true ? `${socket.id} ${lane}` : undefined;
    return this.#lanes.run(lane, binding.event, binding.pipelined ?? false, async () => {
      const waitedMs = performance.now() - since;
      clientEvent.waited(waitedMs);
      const timeoutMs = REQUEST_TIMEOUT_MS - waitedMs;
      if (timeoutMs <= 0) throw new Failure('BUSY');
      const asking = { actor: socket.data.actor, socket: { id: socket.id, gatewayId }, trace: clientEvent.trace, group, timeoutMs };
      const atEdge = edgeEvents[binding.event];
      if (atEdge !== undefined) return atEdge(socket, payload, asking);
      if (contract.kind === 'edgeRequest') throw new Error(`the edge does not carry out ${binding.event}`);
      return { data: await bus.forward(contract, payload, asking) };
    });
  }

  #refuse(error: unknown, clientEvent: ClientEvent, acknowledge: Acknowledge | undefined): void {
    const { logger } = this.#parts;
    const { name, trace } = clientEvent;
    if (!(error instanceof Failure)) logger.error({ err: error, event: name, trace_id: trace.traceId }, 'an event could not be handled');
    const failure = error instanceof Failure ? error : new Failure('INTERNAL');
    refuse(this.#socket, acknowledge, failure, trace);
    logger.debug({ event: name, code: failure.code, trace_id: trace.traceId }, 'an event was refused');
    clientEvent.answered(failure.code);
  }
}

function payloadOf({ contract, binding }: Offer, args: readonly unknown[]): unknown {
  const [data, beside, ...more] = args;
  if (more.length > 0 || (beside !== undefined && !Beside.safeParse(beside).success)) throw new Failure('VALIDATION', { issues: [{ path: '', problem: 'one argument, { traceparent } beside it if wanted, and an acknowledgement callback if wanted' }] });
  if (!isPlain(data)) throw new Failure('VALIDATION', { issues: [{ path: '', problem: 'plain JSON is needed, not nested deeply, without bytes' }] });
  return parse(binding.form?.payload ?? contract.payload, data);
}

const traceparentBeside = ([, beside]: readonly unknown[]): string | undefined => (beside === undefined ? undefined : Beside.safeParse(beside).data?.traceparent);
