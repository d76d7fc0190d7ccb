import type { Logger } from 'pino';
import { ANNOUNCE_EVERY_MS } from './announcement.ts';

/** By then the lease of this replica has ended at every caller. */
const STANDSTILL_MS = 1_000;

/**
 * Detects that this process stood still: it was stopped, its virtual machine paused, its event loop stuck.
 * The requests that arrived meanwhile are stale: their callers gave up, or another replica has executed them
 * and later ones since. They arrive before the reply to a PING that leaves after the standstill.
 */
export class Standstill {
  readonly #roundTrip: () => Promise<void>;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #lastBeat = performance.now();
  #isOver = true;

  /** `roundTrip`: a PING to the NATS server and its PONG; rejects when the connection ends. */
  constructor(roundTrip: () => Promise<void>, logger: Logger) {
    this.#roundTrip = roundTrip;
    this.#logger = logger;
    this.#timer = setInterval(() => {
      this.#beat();
    }, ANNOUNCE_EVERY_MS).unref();
  }

  /** Whether a request that arrives now may have waited during a standstill. */
  get isStale(): boolean {
    this.#beat();
    return !this.#isOver;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const now = performance.now();
    const stoodMs = now - this.#lastBeat;
    this.#lastBeat = now;
    if (stoodMs < STANDSTILL_MS) return;
    this.#logger.warn({ ms: Math.round(stoodMs) }, 'bus: this process stood still');
    this.#isOver = false;
    // A connection that ended has nothing left to deliver either.
    const over = (): void => {
      this.#isOver = true;
    };
    this.#roundTrip().then(over, over);
  }
}
