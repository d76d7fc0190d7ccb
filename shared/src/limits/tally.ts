/** How many each has of something, up to a limit that holds for all. 0: no limit. */
export class Tally<Key> {
  readonly #max: number;
  readonly #counts = new Map<Key, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** False, and nothing is counted, when there are as many as may be. */
  add(key: Key): boolean {
    if (this.isFull(key)) return false;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return true;
  }

  isFull(key: Key): boolean {
    return this.#max > 0 && (this.#counts.get(key) ?? 0) >= this.#max;
  }

  remove(key: Key): void {
    const left = (this.#counts.get(key) ?? 1) - 1;
    if (left === 0) this.#counts.delete(key);
    else this.#counts.set(key, left);
  }

  get size(): number {
    return this.#counts.size;
  }
}
