import type { Bus } from '@switchboard/shared/bus';
import { ERRORS, Failure, type ErrorCode } from '@switchboard/shared/errors';
import type { KeyedSemaphore } from '@switchboard/shared/limits';
import type { Logger } from '@switchboard/shared/runtime';
import type { ExtendedError } from 'socket.io';
import { ClientEvent } from '../events/client-event.ts';
import type { EventLimits } from '../events/event-limits.ts';
import { close } from '../connection/internals/engine.io.ts';
import type { ChatServer, ChatSocket } from '../connection/sockets.ts';
import { FaultLog } from '../fault-log.ts';
import { bearerToken } from './token.ts';
import type { Verify } from './claims.ts';
import { Visits } from './visits.ts';

export interface HandshakeParts {
  readonly bus: Bus;
  readonly gatewayId: string;
  readonly verify: Verify;
  readonly allowQueryToken: boolean;
  readonly limits: EventLimits;
  /** Sockets per user. */
  readonly sockets: KeyedSemaphore<number>;
  readonly logger: Logger;
}

/** The codes that a client may see. Other failures are hidden. */
const VISIBLE = new Set<ErrorCode>(['UNAUTHORIZED', 'RATE_LIMITED', 'TOO_MANY_CONNECTIONS']);

/** Admits sockets with a valid token. All refused tokens get the same error, except for the trace. */
export function guardHandshake(
  io: ChatServer,
  { bus, gatewayId, verify, allowQueryToken, limits, sockets, logger }: HandshakeParts,
): void {
  const visits = new Visits();
  const faults = new FaultLog(logger);

  io.use((socket, next) => {
    if (!visits.begin(socket.conn)) {
      close(socket.conn);
      next(new Error('too many CONNECT packets'));
      return;
    }
    const connecting = new ClientEvent('connect', bus.spans, gatewayId, [
      socket.handshake.auth['traceparent'],
    ]);
    admit(socket).then(
      () => {
        connecting.replied();
        next();
      },
      (error: unknown) => {
        const { traceId } = connecting.trace;
        const failure = toFailure(error, traceId);
        faults.log('handshake: a connection failed', failure, connecting.trace, {});
        visits.leave(socket.conn);
        connecting.replied(failure.code);
        next(refusal(failure, traceId));
      },
    );
  });

  async function admit(socket: ChatSocket): Promise<void> {
    const identity = await verify(tokenOf(socket, allowQueryToken));
    if (identity.kind !== 'user') throw new Failure('UNAUTHORIZED');
    const { id } = identity.actor;
    limits.consumeForUser(id);
    if (socket.conn.readyState !== 'open') throw new Failure('UNAVAILABLE');
    if (!sockets.tryAcquire(id)) throw new Failure('TOO_MANY_CONNECTIONS');
    socket.data = identity;
    onceEnded(socket, () => {
      sockets.release(id);
      visits.leave(socket.conn);
    });
  }

  function toFailure(error: unknown, traceId: string): Failure {
    if (error instanceof Failure && VISIBLE.has(error.code)) return error;
    if (!(error instanceof Failure))
      logger.error({ err: error, trace_id: traceId }, 'handshake: verifying a token failed');
    return new Failure(error instanceof Failure && error.retryable ? 'UNAVAILABLE' : 'UNAUTHORIZED');
  }
}

/**
 * Runs once: when the socket disconnects, or when its connection closes during the handshake. Leaves no
 * listener on the connection.
 */
function onceEnded(socket: ChatSocket, run: () => void): void {
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
