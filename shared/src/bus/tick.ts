/**
 * Defers work to the end of this tick of the event loop, in order. What a process publishes in one tick
 * leaves in one write. An idle process adds no wait.
 */
export class Tick {
  #deferred: (() => void)[] = [];

  /** `run` must not throw. */
  defer(run: () => void): void {
    if (this.#deferred.length === 0)
      setImmediate(() => {
        this.flush();
      });
    this.#deferred.push(run);
  }

  /** Runs the deferred work now. */
  flush(): void {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const run of deferred) run();
  }
}
