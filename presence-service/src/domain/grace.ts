/**
 * When leases may be judged. A service that could not hear renewals, because it, NATS or Postgres was away, would take its
 * own deafness for everybody's death: it waits a whole lease after it hears again. Times in ms of one monotonic clock.
 */
export class Grace {
  readonly #leaseMs: number;
  #hearingSince: number;

  constructor(leaseMs: number, now: number) {
    this.#leaseMs = leaseMs;
    this.#hearingSince = now;
  }

  /** Renewals could not be heard at this time. */
  deaf(now: number): void {
    this.#hearingSince = now;
  }

  isOver(now: number): boolean {
    return now - this.#hearingSince >= this.#leaseMs;
  }
}
