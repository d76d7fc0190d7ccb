// In intervals of `ANNOUNCE_EVERY_MS` at the caller, so that a standstill of the caller ends no lease.
/** Longer than a garbage collection; then the caller asks NATS whether the replica is still subscribed. */
const SUSPECT_AFTER = 2;
const LEASE = 4;
const FROZEN_AFTER = 12;

/**
 * The replicas of one owner as a caller knows them. A replica holds a lease of one second, which each
 * announcement renews. Requests go to the replicas with a lease, in turn.
 */
export class ReplicaTable {
  /** Intervals since the last announcement. */
  readonly #silence = new Map<string, number>();
  #live: readonly string[] = [];
  #last = 0;

  announced(replica: string): void {
    const before = this.#silence.get(replica);
    this.#silence.set(replica, 0);
    if (before === undefined || before >= LEASE) this.#refresh();
  }

  /** It said that it stops, or NATS has no subscription of it. */
  remove(replica: string): void {
    if (this.#silence.delete(replica)) this.#refresh();
  }

  /** Another interval has passed. Returns the replicas whose lease ended with it. */
  age(): string[] {
    for (const [replica, intervals] of this.#silence) this.#silence.set(replica, intervals + 1);
    const ended = [...this.#silence].flatMap(([replica, intervals]) =>
      intervals === LEASE ? [replica] : [],
    );
    if (ended.length > 0) this.#refresh();
    return ended;
  }

  /** Gives every known replica a new lease: the caller could not receive their announcements. */
  forgive(): void {
    for (const replica of this.#silence.keys()) this.#silence.set(replica, 0);
    this.#refresh();
  }

  /** The replica for the next request; undefined: no lease is known, so any replica of the queue group. */
  next(): string | undefined {
    this.#last = this.#last + 1 < this.#live.length ? this.#last + 1 : 0;
    return this.#live[this.#last];
  }

  holdsLease(replica: string): boolean {
    return (this.#silence.get(replica) ?? LEASE) < LEASE;
  }

  get live(): readonly string[] {
    return this.#live;
  }

  /** Known, and without a lease. */
  get silentCount(): number {
    return this.#silence.size - this.#live.length;
  }

  get suspects(): string[] {
    return [...this.#silence].flatMap(([replica, intervals]) =>
      intervals >= SUSPECT_AFTER ? [replica] : [],
    );
  }

  /** Every known replica has been silent for three seconds, and each is still subscribed: none will reply. */
  get isFrozen(): boolean {
    // Asked for each batch: a live replica settles it.
    if (this.#live.length > 0 || this.#silence.size === 0) return false;
    return [...this.#silence.values()].every((silence) => silence >= FROZEN_AFTER);
  }

  #refresh(): void {
    this.#live = [...this.#silence].flatMap(([replica, intervals]) => (intervals < LEASE ? [replica] : []));
  }
}
