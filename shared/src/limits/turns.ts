import { Failure } from '../errors.ts';

const MAX_WAITING = 100;

/** So many at a time for each key; a few more wait their turn. */
export class Turns<Key> {
  readonly #max: number;
  readonly #patienceMs: number;
  readonly #atWork = new Map<Key, number>();
  readonly #waiting = new Map<Key, Set<() => void>>();

  /** How many at a time, and how long anything waits for its turn, in ms. */
  constructor(max: number, patienceMs: number) {
    this.#max = max;
    this.#patienceMs = patienceMs;
  }

  /** Resolves with how to end the turn. Throws BUSY when too many wait already, or when it does not come in time. */
  async take(key: Key): Promise<() => void> {
    if ((this.#atWork.get(key) ?? 0) >= this.#max) await this.#wait(key);
    else this.#atWork.set(key, (this.#atWork.get(key) ?? 0) + 1);
    return () => { this.#end(key); };
  }

  #wait(key: Key): Promise<void> {
    const waiting = this.#waiting.get(key) ?? new Set();
    if (waiting.size >= MAX_WAITING) throw new Failure('BUSY');
    this.#waiting.set(key, waiting);
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(timer);
        leave();
        resolve();
      };
      const leave = () => {
        waiting.delete(begin);
        if (waiting.size === 0) this.#waiting.delete(key);
      };
      const timer = setTimeout(() => {
        leave();
        reject(new Failure('BUSY'));
      }, this.#patienceMs);
      waiting.add(begin);
    });
  }

  /** Whoever waits longest takes the place; else there is one less at work. */
  #end(key: Key): void {
    const [next] = this.#waiting.get(key) ?? [];
    if (next !== undefined) {
      next();
      return;
    }
    const left = (this.#atWork.get(key) ?? 1) - 1;
    if (left === 0) this.#atWork.delete(key);
    else this.#atWork.set(key, left);
  }
}
