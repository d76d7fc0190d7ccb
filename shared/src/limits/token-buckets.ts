/** `perSecond` tokens a second flow in, up to `burst`. No limit where `perSecond` is 0. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** How long a bucket of ours lasts whoever empties it at once. */
const BURST_SECONDS = 4;
/** What a user's sockets and requests may do together, as a multiple of what one socket may. */
const SOCKETS_WORTH = 2;

export const rateOf = (perSecond: number): Rate => ({ perSecond, burst: perSecond * BURST_SECONDS });

/** A user's, with all their sockets, where one socket has `perSecond`. */
export const userRateOf = (perSecond: number): Rate => rateOf(SOCKETS_WORTH * perSecond);

/**
 * A token bucket, kept as the moment at which it will be full again: the generic cell rate algorithm (ITU-T I.371, annex A).
 * Times are those of performance.now(), ms.
 */
export class TokenBucket {
  readonly #tokenMs: number;
  readonly #burst: number;
  #fullAt = 0;

  constructor({ perSecond, burst }: Rate) {
    this.#tokenMs = perSecond === 0 ? 0 : 1_000 / perSecond;
    this.#burst = burst;
  }

  /** Takes a token and returns 0, or takes none and returns after how many ms there will be one. `reserve`: tokens left for others. */
  take(now = performance.now(), reserve = 0): number {
    if (this.#tokenMs === 0) return 0;
    const fullAt = Math.max(this.#fullAt, now) + this.#tokenMs;
    const waitMs = fullAt - now - (this.#burst - reserve) * this.#tokenMs;
    if (waitMs > 0) return Math.ceil(waitMs);
    this.#fullAt = fullAt;
    return 0;
  }

  /** Empties it, and lets nothing flow in for so long. */
  close(forMs: number, now = performance.now()): void {
    if (this.#tokenMs !== 0) this.#fullAt = now + this.#burst * this.#tokenMs + forMs;
  }

  isFull(now = performance.now()): boolean {
    return this.#fullAt <= now;
  }
}

const PRUNE_FROM = 1_000;

/** A bucket for each of many: users, addresses. Those that are full are forgotten, so it is as large as what goes on. */
export class TokenBuckets<Key> {
  readonly #rate: Rate;
  readonly #buckets = new Map<Key, TokenBucket>();
  #pruneAt = PRUNE_FROM;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  take(key: Key, now = performance.now(), reserve = 0): number {
    return this.#rate.perSecond === 0 ? 0 : this.#of(key, now).take(now, reserve);
  }

  close(key: Key, forMs: number, now = performance.now()): void {
    if (this.#rate.perSecond !== 0) this.#of(key, now).close(forMs, now);
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
