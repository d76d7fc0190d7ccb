import type { HrTime } from '@opentelemetry/api';

const MAX_DRIFT_MS = 5;
/** Two clocks that were read further apart than this cannot be compared. */
const MAX_READING_MS = 1;

/** Where the two clocks are read, in ms. */
export interface Clocks {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

const processClocks: Clocks = { wall: () => Date.now(), monotonic: () => performance.now() };

/**
 * The wall clock with the precision of the monotonic clock: spans of one process stay in order, and follow
 * when the wall clock is set.
 */
export class EpochClock {
  readonly #clocks: Clocks;
  #offset: number;

  constructor(clocks = processClocks, offset = performance.timeOrigin) {
    this.#clocks = clocks;
    this.#offset = offset;
  }

  /** The wall-clock time of a `performance.now()` in ms. */
  timeOf(monotonicMs: number): HrTime {
    this.#followWallClock();
    return hrTime(this.#offset + monotonicMs);
  }

  #followWallClock(): void {
    const before = this.#clocks.monotonic();
    const wall = this.#clocks.wall();
    // On a busy machine the process may be held up between the reads, which is no drift.
    if (this.#clocks.monotonic() - before > MAX_READING_MS) return;
    const drift = wall - (this.#offset + before);
    if (Math.abs(drift) > MAX_DRIFT_MS) this.#offset += drift;
  }
}

/** [seconds, nanoseconds] */
export function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
