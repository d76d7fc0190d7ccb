import { edgeContracts, parse, TOKEN_WARNING_MS, tokenExpiring } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { EdgeHandler } from '../events/inbound.ts';
import type { ChatServer, ChatSocket } from '../connection/sockets.ts';
import type { Revocations } from './revocations.ts';
import type { Verify } from './claims.ts';

/** Node's timers run for 24 days at most; tokens may be valid for longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Ends each socket when its token expires or is revoked. A socket gets a warning before the expiry and may
 * send a newer token.
 */
export class Sessions {
  readonly #io: ChatServer;
  readonly #verify: Verify;
  readonly #revocations: Revocations;
  readonly #timers = new WeakMap<ChatSocket, NodeJS.Timeout>();

  constructor(io: ChatServer, verify: Verify, revocations: Revocations) {
    this.#io = io;
    this.#verify = verify;
    this.#revocations = revocations;
    io.on('connection', (socket) => {
      // The token may have been revoked since the handshake.
      if (revocations.has(socket.data)) socket.disconnect(true);
      this.#scheduleWarning(socket);
      socket.once('disconnect', () => {
        clearTimeout(this.#timers.get(socket));
      });
    });
  }

  /** Throws FORBIDDEN for a token of another user or role, and VALIDATION for one that was issued earlier. */
  readonly refreshToken: EdgeHandler = async (socket, payload) => {
    const { token } = parse(edgeContracts.refreshToken.payload, payload);
    const identity = await this.#verify(token);
    const { id, role } = socket.data.actor;
    if (identity.kind !== 'user' || identity.actor.id !== id || identity.actor.role !== role)
      throw new Failure('FORBIDDEN');
    if (identity.issuedAt < socket.data.issuedAt)
      throw new Failure('VALIDATION', {
        issues: [{ path: 'token', problem: 'must not be older than the present token' }],
      });
    socket.data = identity;
    this.#scheduleWarning(socket);
    return { data: endOf(socket) };
  };

  endRevoked(): void {
    for (const socket of this.#io.of('/').sockets.values())
      if (this.#revocations.has(socket.data)) socket.disconnect(true);
  }

  #scheduleWarning(socket: ChatSocket): void {
    this.#at(socket, socket.data.expiresAt - TOKEN_WARNING_MS, () => {
      socket.emit(tokenExpiring.event, endOf(socket));
      this.#at(socket, socket.data.expiresAt, () => {
        socket.disconnect(true);
      });
    });
  }

  /** `time`: milliseconds since 1970. Replaces the socket's earlier timer. */
  #at(socket: ChatSocket, time: number, run: () => void): void {
    clearTimeout(this.#timers.get(socket));
    if (!socket.connected) return;
    const remainingMs = time - Date.now();
    if (remainingMs <= 0) run();
    else
      this.#timers.set(
        socket,
        setTimeout(
          () => {
            this.#at(socket, time, run);
          },
          Math.min(remainingMs, MAX_TIMER_MS),
        ),
      );
  }
}

const endOf = ({ data: { expiresAt } }: ChatSocket): { expiresAt: string } => ({
  expiresAt: new Date(expiresAt).toISOString(),
});
