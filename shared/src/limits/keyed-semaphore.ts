import { Failure } from '../errors.ts';

const MAX_WAITING = 100;

/** A semaphore per key: at most `max` holders at a time. 0: no limit. */
export class KeyedSemaphore<Key> {
  readonly #max: number;
  readonly #held = new Map<Key, number>();
  readonly #waiting = new Map<Key, Set<() => void>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Returns false, and acquires nothing, when the key has `max` holders. */
  tryAcquire(key: Key): boolean {
    if (this.isFull(key)) return false;
    this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
    return true;
  }

  /** Waits up to `timeoutMs`, first come, first served. Throws BUSY after that, or when too many wait. */
  async acquire(key: Key, timeoutMs: number): Promise<void> {
    if (!this.tryAcquire(key)) await this.#wait(key, timeoutMs);
  }

  isFull(key: Key): boolean {
    return this.#max > 0 && (this.#held.get(key) ?? 0) >= this.#max;
  }

  /** Passes the permit to the first waiter, if there is one. */
  release(key: Key): void {
    const [next] = this.#waiting.get(key) ?? [];
    if (next !== undefined) {
      next();
      return;
    }
    const left = (this.#held.get(key) ?? 1) - 1;
    if (left === 0) this.#held.delete(key);
    else this.#held.set(key, left);
  }

  /** How many keys have holders. */
  get size(): number {
    return this.#held.size;
  }

  #wait(key: Key, timeoutMs: number): Promise<void> {
    const waiting = this.#waiting.get(key) ?? new Set();
    if (waiting.size >= MAX_WAITING) throw new Failure('BUSY');
    this.#waiting.set(key, waiting);
    return new Promise((resolve, reject) => {
      const admit = () => {
        clearTimeout(timer);
        leave();
        resolve();
      };
      const leave = () => {
        waiting.delete(admit);
        if (waiting.size === 0) this.#waiting.delete(key);
      };
      const timer = setTimeout(() => {
        leave();
        reject(new Failure('BUSY'));
      }, timeoutMs);
      waiting.add(admit);
    });
  }
}
