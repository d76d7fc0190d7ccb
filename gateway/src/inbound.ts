import { REQUEST_TIMEOUT_MS, type Asking, type Bus, type Trace } from '@switchboard/shared/bus';
import { parse, type SocketBinding } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { failpoint } from '@switchboard/shared/failpoints';
import type { Logger } from '@switchboard/shared/runtime';
import { z } from 'zod';
import { beginMeasuring, ClientEvent } from './client-event.ts';
import { isBehind } from './limits/backlog.ts';
import type { EventLimits } from './limits/event-limits.ts';
import { Lanes } from './limits/lanes.ts';
import { Throttle } from './limits/throttle.ts';
import { offers, type Offer } from './offers.ts';
import { isPlain } from './plain.ts';
import { acknowledgeWith, refuse, takeAcknowledge } from './reply.ts';
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
export function acceptEvents(io: ChatServer, { bus, gatewayId, edgeEvents, limits, maxInFlight, logger }: InboundParts): Inbound {
  beginMeasuring(offers.keys());
  const underWay = new WeakMap<ChatSocket, Set<Promise<void>>>();
  io.on('connection', (socket) => {
    if (!socket.connected) return;
    const lanes = new Lanes(PATIENCE_MS, maxInFlight);
    const throttle = new Throttle();
    const take = limits.ofSocket(socket.data.actor.id);
    const asked = new Set<Promise<void>>();
    underWay.set(socket, asked);
    socket.once('disconnect', () => { throttle.clear(); });
    socket.onAny((event: string, ...args: unknown[]) => {
      const acknowledge = takeAcknowledge(args);
      const clientEvent = new ClientEvent(offers.has(event) ? event : UNKNOWN, bus.spans, gatewayId, [socket.handshake.auth['traceparent'], traceparentBeside(args)]);
      const { trace } = clientEvent;
      const answered = answer(event, args, clientEvent).then(
        ({ binding, data, afterwards }) => {
          if (acknowledge !== undefined) acknowledgeWith(acknowledge, binding.reply, data, trace);
          else if (binding.replyOnAckOnly !== true) socket.emit(binding.reply, data);
          clientEvent.answered();
          afterwards?.();
        },
        (error: unknown) => {
          const failure = toFailure(error, clientEvent.name, trace);
          refuse(socket, acknowledge, failure, trace);
          logger.debug({ event: clientEvent.name, code: failure.code, trace_id: trace.traceId }, 'an event was refused');
          clientEvent.answered(failure.code);
        },
      ).finally(() => { asked.delete(answered); });
      asked.add(answered);
    });

    async function answer(event: string, args: readonly unknown[], clientEvent: ClientEvent): Promise<Answer & { binding: SocketBinding<unknown> }> {
      failpoint('gateway.frameRead');
      const offer = offers.get(event);
      take(offer?.binding.throttle !== undefined);
      if (offer === undefined) throw new Failure('UNKNOWN_EVENT');
      const payload = payloadOf(offer, args);
      if (isBehind(socket)) throw new Failure('BUSY');
      const { binding } = offer;
      // What is of no chat waits for others of its own kind only.
      const lane = OfChat.safeParse(payload).data?.chatId ?? event;
      if (binding.throttle === undefined) {
        throttle.forget(lane, event);
        return { ...await inTurn(offer, lane, payload, clientEvent, clientEvent.arrivedAt), binding };
      }
      if (lanes.isCrowded) throw new Failure('BUSY');
      return { ...await throttle.run(lane, payload, binding.throttle, (since) => inTurn(offer, lane, payload, clientEvent, since)), binding };
    }

    /** What waited in the lane has used up some of its time: nobody waits longer for the sake of order. */
    function inTurn({ contract, binding }: Offer, lane: string, payload: unknown, clientEvent: ClientEvent, since: number): Promise<Answer> {
      const group = binding.pipelined === true ? `${socket.id} ${lane}` : undefined;
      return lanes.run(lane, binding.event, binding.pipelined ?? false, async () => {
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
  });

  return { answered: async (socket) => { await Promise.all([...(underWay.get(socket) ?? [])]); } };

  function toFailure(error: unknown, event: string, { traceId }: Trace): Failure {
    if (error instanceof Failure) return error;
    logger.error({ err: error, event, trace_id: traceId }, 'an event could not be handled');
    return new Failure('INTERNAL');
  }
}

function payloadOf({ contract, binding }: Offer, args: readonly unknown[]): unknown {
  const [data, beside, ...more] = args;
  if (more.length > 0 || (beside !== undefined && !Beside.safeParse(beside).success)) throw new Failure('VALIDATION', { issues: [{ path: '', problem: 'one argument, { traceparent } beside it if wanted, and an acknowledgement callback if wanted' }] });
  if (!isPlain(data)) throw new Failure('VALIDATION', { issues: [{ path: '', problem: 'plain JSON is needed, not nested deeply, without bytes' }] });
  return parse(binding.payload ?? contract.payload, data);
}

const traceparentBeside = ([, beside]: readonly unknown[]): string | undefined => (beside === undefined ? undefined : Beside.safeParse(beside).data?.traceparent);
