import { Counts } from '@switchboard/shared/bus';
import { Failure } from '@switchboard/shared/errors';
import { rateOf, TokenBucket, TokenBuckets, userRateOf, type Rate } from '@switchboard/shared/limits';

const refused = new Counts('switchboard.gateway.rate_limited', '{request}', 'Events, requests and connections that were too many', 'limit');

/** Whose connection was cut off for what it sent is not served at all for so long. */
const COOL_DOWN_MS = 10_000;

/** Asks for leave to do one thing more. Throws RATE_LIMITED with `retryAfterMs`. */
export type Take = (isDroppable: boolean) => void;

/** How much a socket, and a user with all their sockets and requests, may ask of this gateway. */
export class EventLimits {
  readonly #perSocket: Rate;
  readonly #users: TokenBuckets<number>;
  readonly #reserve: number;

  /** 0: no limits. */
  constructor(eventsPerSecond: number) {
    this.#perSocket = rateOf(eventsPerSecond);
    this.#users = new TokenBuckets(userRateOf(eventsPerSecond));
    // The last half of a burst is for what must arrive.
    this.#reserve = this.#perSocket.burst / 2;
    for (const limit of ['socket', 'user']) refused.add(0, limit);
  }

  ofSocket(userId: number): Take {
    const bucket = new TokenBucket(this.#perSocket);
    return (isDroppable) => {
      insist(bucket.take(performance.now(), isDroppable ? this.#reserve : 0), 'socket');
      this.takeOf(userId);
    };
  }

  /** A request of a user's, or a new connection. Throws RATE_LIMITED. */
  takeOf(userId: number): void {
    insist(this.#users.take(userId), 'user');
  }

  coolDown(userId: number): void {
    this.#users.close(userId, COOL_DOWN_MS);
  }
}

export function insist(retryAfterMs: number, limit: string): void {
  if (retryAfterMs === 0) return;
  refused.add(1, limit);
  throw new Failure('RATE_LIMITED', { retryAfterMs });
}
