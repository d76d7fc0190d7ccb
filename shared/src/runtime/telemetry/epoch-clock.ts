import type { HrTime } from '@opentelemetry/api';

const MAX_DRIFT_MS = 5;

/** The wall clock as fine as the monotonic one: spans of one process never overtake each other, and follow when it is set. */
export class EpochClock {
  #offset = performance.timeOrigin;

  /** Of a performance.now(), in ms. */
  timeOf(monotonicMs: number): HrTime {
    const drift = Date.now() - (this.#offset + performance.now());
    if (Math.abs(drift) > MAX_DRIFT_MS) this.#offset += drift;
    return hrTime(this.#offset + monotonicMs);
  }
}

/** [seconds, nanoseconds] */
export function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
