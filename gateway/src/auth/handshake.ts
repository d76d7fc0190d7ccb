import type { Bus } from '@switchboard/shared/bus';
import { ERRORS, Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import type { ExtendedError } from 'socket.io';
import { ClientEvent } from '../client-event.ts';
import type { ChatServer, ChatSocket } from '../sockets.ts';
import { bearerToken } from './token.ts';
import type { Verify } from './verify.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Lets in who brings a valid token, and shows them out when it ends. Every refusal reads the same, but for its trace. */
export function guardHandshake(io: ChatServer, bus: Bus, gatewayId: string, verify: Verify, allowQueryToken: boolean, logger: Logger): void {
  io.use((socket, next) => {
    const connecting = new ClientEvent('connect', bus.spans, gatewayId, [socket.handshake.auth['traceparent']]);
    verify(tokenOf(socket, allowQueryToken)).then(
      (identity) => {
        socket.data = { ...identity };
        connecting.answered();
        next();
      },
      (error: unknown) => {
        const { traceId } = connecting.trace;
        if (!(error instanceof Failure)) logger.error({ err: error, trace_id: traceId }, 'a token could not be verified');
        const code = error instanceof Failure && error.retryable ? 'UNAVAILABLE' : 'UNAUTHORIZED';
        connecting.answered(code);
        next(refusal(code, traceId));
      },
    );
  });
  io.on('connection', endWithToken);
}

function tokenOf({ handshake }: ChatSocket, allowQueryToken: boolean): string | undefined {
  const auth: unknown = handshake.auth['token'];
  if (typeof auth === 'string') return auth;
  const bearer = bearerToken(handshake.headers);
  if (bearer !== undefined) return bearer;
  const query: unknown = allowQueryToken ? handshake.query['token'] : undefined;
  return typeof query === 'string' ? query : undefined;
}

function refusal(code: 'UNAUTHORIZED' | 'UNAVAILABLE', traceId: string): ExtendedError {
  const error: ExtendedError = new Error(ERRORS[code].sentence);
  error.data = { code, retryable: ERRORS[code].retryable, traceId };
  return error;
}

/** Timers end after 24 days at the latest; tokens may not. */
function endWithToken(socket: ChatSocket): void {
  let timer: NodeJS.Timeout;
  const wait = () => {
    const remaining = socket.data.expiresAt - Date.now();
    if (remaining <= 0) socket.disconnect(true);
    else timer = setTimeout(wait, Math.min(remaining, MAX_TIMER_MS));
  };
  wait();
  socket.once('disconnect', () => { clearTimeout(timer); });
}
