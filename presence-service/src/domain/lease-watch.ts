import type { Lease } from './presence-store.ts';

/**
 * Which leases have run out. Time is counted here, on this process's monotonic clock, and only while it watches: no wall
 * clock, ours or Postgres', makes a lease longer or shorter, and nobody is taken for dead because nobody could be heard.
 * Times in ms.
 */
export class LeaseWatch {
  readonly #leaseMs: number;
  /** Since when a lease stands as it does, by its id and count. */
  #standing = new Map<string, number>();
  #lastLook = Number.NEGATIVE_INFINITY;

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /**
   * Takes all leases as they stand at `now`; returns those that were seen, and not seen renewed, for a whole lease. After
   * a third of a lease without a look whoever could not be seen could perhaps not be heard: every lease begins anew.
   */
  observe(leases: readonly Lease[], now: number): Lease[] {
    const before = now - this.#lastLook > this.#leaseMs / 3 ? new Map<string, number>() : this.#standing;
    this.#lastLook = now;
    this.#standing = new Map(leases.map((lease) => [keyOf(lease), before.get(keyOf(lease)) ?? now]));
    return leases.filter((lease) => now - (this.#standing.get(keyOf(lease)) ?? now) >= this.#leaseMs);
  }
}

const keyOf = ({ leaseId, renewals }: Lease): string => `${leaseId} ${renewals}`;
