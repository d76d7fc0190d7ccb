import { ERRORS, Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import type { ExtendedError } from 'socket.io';
import type { ChatServer, ChatSocket } from '../sockets.ts';
import { bearerToken } from './token.ts';
import type { Verify } from './verify.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Lets in who brings a valid token, and shows them out when it ends. Every refusal reads the same. */
export function guardHandshake(io: ChatServer, verify: Verify, allowQueryToken: boolean, logger: Logger): void {
  io.use((socket, next) => {
    verify(tokenOf(socket, allowQueryToken)).then(
      (identity) => {
        socket.data = { ...identity };
        next();
      },
      (error: unknown) => {
        if (!(error instanceof Failure)) logger.error({ err: error }, 'a token could not be verified');
        next(refusal(error instanceof Failure && error.retryable ? 'UNAVAILABLE' : 'UNAUTHORIZED'));
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

function refusal(code: 'UNAUTHORIZED' | 'UNAVAILABLE'): ExtendedError {
  const error: ExtendedError = new Error(ERRORS[code].sentence);
  error.data = { code, retryable: ERRORS[code].retryable };
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
