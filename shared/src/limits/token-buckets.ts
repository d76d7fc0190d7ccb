/** Refills `perSecond` tokens a second, up to `burst`. `perSecond` 0: no limit. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** The capacity of a bucket, in seconds of its rate. */
const BURST_SECONDS = 4;
/** The rate of a user over all sockets and requests, as a multiple of one socket's. */
const SOCKETS_WORTH = 2;

/** A fraction of a millisecond, or of a second, that is a rounding error. */
const EPSILON = 1e-6;

export const rateOf = (perSecond: number): Rate => ({ perSecond, burst: perSecond * BURST_SECONDS });

/** A client that consumes at most `tokens` in any `seconds` is never refused. Whole numbers from 1 on. */
export interface Quota {
  readonly tokens: number;
  readonly seconds: number;
}

/** Undefined without a limit. A bucket that holds less than a token grants one when it is full. */
export const quotaOf = ({ perSecond, burst }: Rate): Quota | undefined =>
  perSecond === 0
    ? undefined
    : {
        tokens: Math.max(1, Math.floor(burst)),
        seconds: Math.max(1, Math.ceil(burst / perSecond - EPSILON)),
      };

/** What a bucket allows at a time. */
export interface Level {
  readonly quota: Quota;
  /** How many it grants at once. */
  readonly remaining: number;
  /** Milliseconds until it grants one more. Undefined when it grants all of its quota. */
  readonly nextMs: number | undefined;
}

/** The rate of a user over all sockets, where one socket has `perSecond`. */
export const userRateOf = (perSecond: number): Rate => rateOf(SOCKETS_WORTH * perSecond);

/**
 * A token bucket, stored as the time when it is full again: the generic cell rate algorithm (ITU-T I.371,
 * annex A). Times are those of performance.now(), ms.
 */
export class TokenBucket {
  readonly #rate: Rate;
  readonly #tokenMs: number;
  #fullAt = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#tokenMs = rate.perSecond === 0 ? 0 : 1_000 / rate.perSecond;
  }

  /**
   * Consumes tokens and returns 0. Without enough of them it returns the ms until there are. `reserve`:
   * tokens that this call must leave. More tokens than the bucket holds count as a full bucket.
   */
  consume(now = performance.now(), reserve = 0, tokens = 1): number {
    if (this.#tokenMs === 0) return 0;
    const capacity = this.#rate.burst - reserve;
    const fullAt = Math.max(this.#fullAt, now) + Math.min(tokens, capacity) * this.#tokenMs;
    const waitMs = fullAt - now - capacity * this.#tokenMs;
    if (waitMs > EPSILON) return Math.ceil(waitMs);
    this.#fullAt = fullAt;
    return 0;
  }

  /** Consumes tokens on credit: later calls wait until they are paid back. */
  charge(tokens: number, now = performance.now()): void {
    if (this.#tokenMs !== 0) this.#fullAt = Math.max(this.#fullAt, now) + tokens * this.#tokenMs;
  }

  /** Empties the bucket and refills nothing for `forMs`. */
  block(forMs: number, now = performance.now()): void {
    if (this.#tokenMs !== 0) this.#fullAt = now + this.#rate.burst * this.#tokenMs + forMs;
  }

  isFull(now = performance.now()): boolean {
    return this.#fullAt <= now;
  }

  /** Undefined without a limit. */
  level(now = performance.now()): Level | undefined {
    const quota = quotaOf(this.#rate);
    if (quota === undefined) return undefined;
    const { burst } = this.#rate;
    const eachMs = Math.min(1, burst) * this.#tokenMs;
    const leftMs = burst * this.#tokenMs - Math.max(0, this.#fullAt - now);
    const remaining = Math.max(0, Math.floor((leftMs + EPSILON) / eachMs));
    const missingMs = (remaining + 1) * eachMs - leftMs;
    const nextMs = remaining < quota.tokens ? Math.ceil(missingMs - EPSILON) : undefined;
    return { quota, remaining, nextMs };
  }
}

const PRUNE_FROM = 1_000;

/** A token bucket per key: user, address. Full buckets are dropped, so memory follows the current load. */
export class TokenBuckets<Key> {
  readonly #rate: Rate;
  readonly #buckets = new Map<Key, TokenBucket>();
  #pruneAt = PRUNE_FROM;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  consume(key: Key, now = performance.now(), reserve = 0, tokens = 1): number {
    return this.#rate.perSecond === 0 ? 0 : this.#of(key, now).consume(now, reserve, tokens);
  }

  charge(key: Key, tokens: number, now = performance.now()): void {
    if (this.#rate.perSecond !== 0) this.#of(key, now).charge(tokens, now);
  }

  block(key: Key, forMs: number, now = performance.now()): void {
    if (this.#rate.perSecond !== 0) this.#of(key, now).block(forMs, now);
  }

  /** Undefined without a limit. */
  level(key: Key, now = performance.now()): Level | undefined {
    return (this.#buckets.get(key) ?? new TokenBucket(this.#rate)).level(now);
  }

  get size(): number {
    return this.#buckets.size;
  }

  #of(key: Key, now: number): TokenBucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    if (this.#buckets.size >= this.#pruneAt) this.#prune(now);
    const bucket = new TokenBucket(this.#rate);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #prune(now: number): void {
    for (const [key, bucket] of this.#buckets) if (bucket.isFull(now)) this.#buckets.delete(key);
    this.#pruneAt = Math.max(PRUNE_FROM, 2 * this.#buckets.size);
  }
}
