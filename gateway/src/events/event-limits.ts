import { Counter } from '@switchboard/shared/telemetry';
import { Failure } from '@switchboard/shared/errors';
import {
  rateOf,
  TokenBucket,
  TokenBuckets,
  userRateOf,
  type Level,
  type Rate,
} from '@switchboard/shared/limits';

const refused = new Counter(
  'switchboard.gateway.rate_limited',
  '{request}',
  'Events, requests and connections refused above a rate limit',
  'limit',
);

/** How long a user gets no service after the gateway cut off a connection of theirs for flooding. */
const COOL_DOWN_MS = 10_000;

/** The rate limits of one socket. */
export interface SocketLimits {
  /** Consumes a token for one event. Throws RATE_LIMITED with `retryAfterMs`. */
  consume(isDroppable: boolean): void;
  /** Consumes more for an event that costs more, on credit: later events wait until it is paid back. */
  charge(tokens: number): void;
}

/** Rate limits per socket, and per user over all sockets and HTTP requests of this gateway. */
export class EventLimits {
  readonly perSocket: Rate;
  readonly #users: TokenBuckets<number>;
  readonly #reserve: number;

  /** 0: no limits. */
  constructor(eventsPerSecond: number) {
    this.perSocket = rateOf(eventsPerSecond);
    this.#users = new TokenBuckets(userRateOf(eventsPerSecond));
    // Droppable events leave the last half of a burst to the others.
    this.#reserve = this.perSocket.burst / 2;
    for (const limit of ['socket', 'user', 'address']) refused.add(0, limit);
  }

  forSocket(userId: number): SocketLimits {
    const bucket = new TokenBucket(this.perSocket);
    return {
      consume: (isDroppable) => {
        throwIfLimited(bucket.consume(performance.now(), isDroppable ? this.#reserve : 0), 'socket');
        this.consumeForUser(userId);
      },
      charge: (tokens) => {
        bucket.charge(tokens);
        this.#users.charge(userId, tokens);
      },
    };
  }

  /** Consumes a token for an HTTP request or a new connection. Throws RATE_LIMITED. */
  consumeForUser(userId: number): void {
    throwIfLimited(this.#users.consume(userId), 'user');
  }

  userLevel(userId: number): Level | undefined {
    return this.#users.level(userId);
  }

  coolDown(userId: number): void {
    this.#users.block(userId, COOL_DOWN_MS);
  }
}

/** Throws RATE_LIMITED unless `retryAfterMs` is 0. */
export function throwIfLimited(retryAfterMs: number, limit: string): void {
  if (retryAfterMs === 0) return;
  refused.add(1, limit);
  throw new Failure('RATE_LIMITED', { retryAfterMs });
}
