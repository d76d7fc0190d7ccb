import { edgeContracts, parse, TOKEN_WARNING_MS, tokenExpiring } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { EdgeEvent } from '../inbound.ts';
import type { ChatServer, ChatSocket } from '../sockets.ts';
import type { Revocations } from './revocations.ts';
import type { Verify } from './verify.ts';

/** Timers run for 24 days at most; tokens may be good for longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A connection lasts as long as its token: it is told of the end beforehand, may bring a newer one, and ends at once when it is revoked. */
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
      // It may have been revoked since its token was looked at.
      if (revocations.has(socket.data)) socket.disconnect(true);
      this.#warnInTime(socket);
      socket.once('disconnect', () => { clearTimeout(this.#timers.get(socket)); });
    });
  }

  /** FORBIDDEN for another user's token or another role: that is another connection. */
  readonly refreshToken: EdgeEvent = async (socket, payload) => {
    const { token } = parse(edgeContracts.refreshToken.payload, payload);
    const identity = await this.#verify(token);
    const { id, role } = socket.data.actor;
    if (identity.kind !== 'user' || identity.actor.id !== id || identity.actor.role !== role) throw new Failure('FORBIDDEN');
    socket.data = identity;
    this.#warnInTime(socket);
    return { data: endOf(socket) };
  };

  endRevoked(): void {
    for (const socket of this.#io.of('/').sockets.values()) if (this.#revocations.has(socket.data)) socket.disconnect(true);
  }

  #warnInTime(socket: ChatSocket): void {
    this.#at(socket, socket.data.expiresAt - TOKEN_WARNING_MS, () => {
      socket.emit(tokenExpiring.event, endOf(socket));
      this.#at(socket, socket.data.expiresAt, () => { socket.disconnect(true); });
    });
  }

  /** `time`: milliseconds since 1970. A socket has one timer: what it waited for before is not waited for any more. */
  #at(socket: ChatSocket, time: number, run: () => void): void {
    clearTimeout(this.#timers.get(socket));
    if (!socket.connected) return;
    const remainingMs = time - Date.now();
    if (remainingMs <= 0) run();
    else this.#timers.set(socket, setTimeout(() => { this.#at(socket, time, run); }, Math.min(remainingMs, MAX_TIMER_MS)));
  }
}

const endOf = ({ data: { expiresAt } }: ChatSocket): { expiresAt: string } => ({ expiresAt: new Date(expiresAt).toISOString() });
