import { REQUEST_TIMEOUT_MS, type Asking, type Bus, type Trace } from '@switchboard/shared/bus';
import { parse, requestContracts, type RequestContract, type SocketBinding } from '@switchboard/shared/contracts';
import { ERRORS, Failure } from '@switchboard/shared/errors';
import { failpoint } from '@switchboard/shared/failpoints';
import type { Logger } from '@switchboard/shared/runtime';
import { z } from 'zod';
import { beginMeasuring, ClientEvent } from './client-event.ts';
import { Lanes } from './lanes.ts';
import type { ChatServer, ChatSocket } from './sockets.ts';

/** What a socket is told in answer to one event; `afterwards` runs once it has been told. */
export interface Answer {
  readonly data: unknown;
  readonly afterwards?: () => void;
}

/** An event that only the edge can carry out, since only it has the sockets. */
export type EdgeEvent = (socket: ChatSocket, payload: unknown, asking: Asking & { trace: Trace }) => Promise<Answer>;

interface Offer {
  readonly contract: RequestContract;
  readonly binding: SocketBinding<unknown>;
}

type Acknowledge = (response: unknown) => void;

/** What clients may emit: exactly what the registry says. */
const offers: ReadonlyMap<string, Offer> = new Map(
  requestContracts.flatMap((contract) => (contract.socket === undefined ? [] : [[contract.socket.event, { contract, binding: contract.socket }]])),
);

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

/** Turns what sockets emit into requests, and their replies into acknowledgements or events. Holds no rule of its own. */
export function acceptEvents(io: ChatServer, bus: Bus, gatewayId: string, edgeEvents: Readonly<Record<string, EdgeEvent>>, logger: Logger): Inbound {
  beginMeasuring(offers.keys());
  const underWay = new WeakMap<ChatSocket, Set<Promise<void>>>();
  io.on('connection', (socket) => {
    const lanes = new Lanes(PATIENCE_MS);
    const asked = new Set<Promise<void>>();
    underWay.set(socket, asked);
    socket.onAny((event: string, ...args: unknown[]) => {
      const acknowledge = takeAcknowledge(args);
      const clientEvent = new ClientEvent(offers.has(event) ? event : UNKNOWN, bus.spans, gatewayId, [socket.handshake.auth['traceparent'], traceparentBeside(args)]);
      const { trace } = clientEvent;
      const answered = answer(event, args, clientEvent).then(
        ({ binding, data, afterwards }) => {
          if (acknowledge !== undefined) acknowledge({ event: binding.reply, data, traceId: trace.traceId });
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
      const { trace, arrivedAt } = clientEvent;
      const offer = offers.get(event);
      if (offer === undefined) throw new Failure('UNKNOWN_EVENT');
      const [data, beside, ...more] = args;
      if (more.length > 0 || (beside !== undefined && !Beside.safeParse(beside).success)) throw new Failure('VALIDATION', { issues: [{ path: '', problem: 'one argument, { traceparent } beside it if wanted, and an acknowledgement callback if wanted' }] });
      const { contract, binding } = offer;
      const payload = parse(binding.payload ?? contract.payload, data);
      const { chatId } = OfChat.parse(payload);
      const group = binding.pipelined === true ? `${socket.id} ${chatId}` : undefined;
      const done = await lanes.run(chatId, event, binding.pipelined ?? false, async () => {
        // What waited in the lane has used up some of its time: nobody waits longer for the sake of order.
        const waitedMs = performance.now() - arrivedAt;
        clientEvent.waited(waitedMs);
        const timeoutMs = REQUEST_TIMEOUT_MS - waitedMs;
        if (timeoutMs <= 0) throw new Failure('BUSY');
        const asking = { actor: socket.data.actor, socket: { id: socket.id, gatewayId }, trace, group, timeoutMs };
        const atEdge = edgeEvents[event];
        return atEdge === undefined ? { data: await bus.forward(contract, payload, asking) } : atEdge(socket, payload, asking);
      });
      return { ...done, binding };
    }
  });

  return { answered: async (socket) => { await Promise.all([...(underWay.get(socket) ?? [])]); } };

  function toFailure(error: unknown, event: string, { traceId }: Trace): Failure {
    if (error instanceof Failure) return error;
    logger.error({ err: error, event, trace_id: traceId }, 'an event could not be handled');
    return new Failure('INTERNAL');
  }
}

const traceparentBeside = ([, beside]: readonly unknown[]): string | undefined => (beside === undefined ? undefined : Beside.safeParse(beside).data?.traceparent);

/** A last argument that is a function is the acknowledgement callback; whatever else it is, it is data. */
function takeAcknowledge(args: unknown[]): Acknowledge | undefined {
  const last = args.at(-1);
  if (typeof last !== 'function') return undefined;
  args.pop();
  return (response) => { Reflect.apply(last, undefined, [response]); };
}

function refuse(socket: ChatSocket, acknowledge: Acknowledge | undefined, failure: Failure, { traceId }: Trace): void {
  const { code, details } = failure;
  const { sentence, retryable } = ERRORS[code];
  const about = { code, retryable, traceId, details };
  if (acknowledge !== undefined) acknowledge({ event: 'error', data: sentence, ...about });
  else socket.emit('error', sentence, about);
}
