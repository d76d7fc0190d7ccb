import type { Lease } from './presence-store.ts';

/**
 * Finds the leases that have expired. Times are in ms on this process's monotonic clock, so that no change of
 * a wall clock, here or in Postgres, lengthens or shortens a lease. The time during which this process could
 * not see renewals does not count.
 */
export class LeaseWatch {
  readonly #leaseMs: number;
  /** When each lease was first seen with its current number of renewals. */
  #unchangedSince = new Map<string, number>();
  #lastObserved = Number.NEGATIVE_INFINITY;

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /**
   * Records all leases at `now`. Returns those that were seen for a whole lease without a renewal. A pause of
   * more than a third of a lease restarts every lease: renewals may have been lost meanwhile.
   */
  observe(leases: readonly Lease[], now: number): Lease[] {
    const before =
      now - this.#lastObserved > this.#leaseMs / 3 ? new Map<string, number>() : this.#unchangedSince;
    this.#lastObserved = now;
    this.#unchangedSince = new Map(leases.map((lease) => [keyOf(lease), before.get(keyOf(lease)) ?? now]));
    return leases.filter((lease) => now - (this.#unchangedSince.get(keyOf(lease)) ?? now) >= this.#leaseMs);
  }
}

const keyOf = ({ leaseId, renewals }: Lease): string => `${leaseId} ${renewals}`;
