import type { Bus } from '@switchboard/shared/bus';
import { ERRORS, Failure, type ErrorCode } from '@switchboard/shared/errors';
import type { Tally } from '@switchboard/shared/limits';
import type { Logger } from '@switchboard/shared/runtime';
import type { ExtendedError } from 'socket.io';
import { ClientEvent } from '../client-event.ts';
import type { EventLimits } from '../limits/event-limits.ts';
import type { ChatServer, ChatSocket } from '../sockets.ts';
import { bearerToken } from './token.ts';
import type { Verify } from './verify.ts';
import { Visits } from './visits.ts';

export interface HandshakeParts {
  readonly bus: Bus;
  readonly gatewayId: string;
  readonly verify: Verify;
  readonly allowQueryToken: boolean;
  readonly limits: EventLimits;
  /** Sockets per user. */
  readonly sockets: Tally<number>;
  readonly logger: Logger;
}

/** What a client is told of a refusal; whatever else it was, is ours to know. */
const TOLD = new Set<ErrorCode>(['UNAUTHORIZED', 'RATE_LIMITED', 'TOO_MANY_CONNECTIONS']);

/** Lets in who brings a valid token. Every refusal of a token reads the same, but for its trace. */
export function guardHandshake(io: ChatServer, { bus, gatewayId, verify, allowQueryToken, limits, sockets, logger }: HandshakeParts): void {
  const visits = new Visits();

  io.use((socket, next) => {
    if (!visits.begin(socket.conn)) {
      socket.conn.close();
      next(new Error('one CONNECT too many'));
      return;
    }
    const connecting = new ClientEvent('connect', bus.spans, gatewayId, [socket.handshake.auth['traceparent']]);
    admit(socket).then(
      () => {
        connecting.answered();
        next();
      },
      (error: unknown) => {
        const { traceId } = connecting.trace;
        const failure = toFailure(error, traceId);
        visits.leave(socket.conn);
        connecting.answered(failure.code);
        next(refusal(failure, traceId));
      },
    );
  });

  async function admit(socket: ChatSocket): Promise<void> {
    const identity = await verify(tokenOf(socket, allowQueryToken));
    if (identity.kind !== 'user') throw new Failure('UNAUTHORIZED');
    const { id } = identity.actor;
    limits.takeOf(id);
    if (socket.conn.readyState !== 'open') throw new Failure('UNAVAILABLE');
    if (!sockets.add(id)) throw new Failure('TOO_MANY_CONNECTIONS');
    socket.data = identity;
    whenOver(socket, () => {
      sockets.remove(id);
      visits.leave(socket.conn);
    });
  }

  function toFailure(error: unknown, traceId: string): Failure {
    if (error instanceof Failure && TOLD.has(error.code)) return error;
    if (!(error instanceof Failure)) logger.error({ err: error, trace_id: traceId }, 'a token could not be verified');
    return new Failure(error instanceof Failure && error.retryable ? 'UNAVAILABLE' : 'UNAUTHORIZED');
  }
}

/** Once, whether it disconnects or its connection ends before it is a socket at all. Nothing of it stays with the connection. */
function whenOver(socket: ChatSocket, run: () => void): void {
  const end = () => {
    socket.off('disconnect', end);
    socket.conn.off('close', end);
    run();
  };
  socket.on('disconnect', end);
  socket.conn.on('close', end);
}

function tokenOf({ handshake }: ChatSocket, allowQueryToken: boolean): string | undefined {
  const auth: unknown = handshake.auth['token'];
  if (typeof auth === 'string') return auth;
  const bearer = bearerToken(handshake.headers);
  if (bearer !== undefined) return bearer;
  const query: unknown = allowQueryToken ? handshake.query['token'] : undefined;
  return typeof query === 'string' ? query : undefined;
}

function refusal({ code, details }: Failure, traceId: string): ExtendedError {
  const { sentence, retryable } = ERRORS[code];
  const error: ExtendedError = new Error(sentence);
  error.data = { code, retryable, traceId, details };
  return error;
}
