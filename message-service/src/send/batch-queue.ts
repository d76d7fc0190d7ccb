/**
 * Runs what waits in batches, one after the other: a batch forms while the one before it runs. An idle queue
 * adds no wait beyond the current microtasks, so that what arrives in the same tick shares a batch.
 */
export class BatchQueue<Item> {
  readonly #maxBatch: number;
  readonly #run: (batch: readonly Item[]) => Promise<void>;
  #waiting: Item[] = [];
  #isRunning = false;

  /** `run` must not reject. */
  constructor(maxBatch: number, run: (batch: readonly Item[]) => Promise<void>) {
    this.#maxBatch = maxBatch;
    this.#run = run;
  }

  push(item: Item): void {
    this.#waiting.push(item);
    if (this.#isRunning) return;
    this.#isRunning = true;
    queueMicrotask(() => {
      void this.#runAll();
    });
  }

  /** Removes the waiting items that match, and returns them in their order. */
  remove(matches: (item: Item) => boolean): Item[] {
    const removed = this.#waiting.filter(matches);
    if (removed.length > 0) this.#waiting = this.#waiting.filter((item) => !matches(item));
    return removed;
  }

  async #runAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#run(this.#waiting.splice(0, this.#maxBatch));
    this.#isRunning = false;
  }
}
