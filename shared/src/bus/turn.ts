/**
 * What is left for the end of this turn of the event loop, done in order and in one go. All that a process says to NATS in a
 * turn leaves in one write this way, and arrives as one at whoever hears it. An idle process waits for nobody.
 */
export class Turn {
  #left: (() => void)[] = [];

  /** `run` must not throw. */
  leave(run: () => void): void {
    if (this.#left.length === 0) setImmediate(() => { this.end(); });
    this.#left.push(run);
  }

  /** At once. */
  end(): void {
    const left = this.#left;
    this.#left = [];
    for (const run of left) run();
  }
}
