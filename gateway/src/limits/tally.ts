/** How many each has of something, up to a limit that holds for all. 0: no limit. */
export class Tally<Key> {
  readonly #max: number;
  readonly #counts = new Map<Key, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** False, and nothing is counted, when there are as many as may be. */
  add(key: Key): boolean {
    const count = this.#counts.get(key) ?? 0;
    if (this.#max > 0 && count >= this.#max) return false;
    this.#counts.set(key, count + 1);
    return true;
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
