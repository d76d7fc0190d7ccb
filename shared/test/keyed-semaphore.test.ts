import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { KeyedSemaphore } from '@switchboard/shared/limits';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'acquired',
    (error: unknown) => (error instanceof Error ? error.message : error),
  );

describe('a keyed semaphore', () => {
  it('admits up to its limit for each key, then in order of arrival', async () => {
    const semaphore = new KeyedSemaphore<string>(2);
    const admitted: number[] = [];
    const acquire = async (n: number, key = 'a') => {
      await semaphore.acquire(key, 1_000);
      admitted.push(n);
    };
    const all = [acquire(1), acquire(2), acquire(3), acquire(4), acquire(5, 'b')];
    await jest.advanceTimersByTimeAsync(0);
    expect(admitted).toEqual([1, 2, 5]);
    semaphore.release('a');
    await jest.advanceTimersByTimeAsync(0);
    expect(admitted).toEqual([1, 2, 5, 3]);
    semaphore.release('a');
    await Promise.all(all);
    expect(admitted).toEqual([1, 2, 5, 3, 4]);
    for (const key of ['a', 'a', 'b']) semaphore.release(key);
    expect(await codeOf(semaphore.acquire('a', 1_000))).toBe('acquired');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('rejects with BUSY after the timeout, and when too many wait', async () => {
    const semaphore = new KeyedSemaphore<string>(1);
    await semaphore.acquire('a', 1_000);
    const waiting = Array.from({ length: 100 }, () => codeOf(semaphore.acquire('a', 1_000)));
    expect(await codeOf(semaphore.acquire('a', 1_000))).toContain('Busy');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['Busy; try again in a moment.']));
    semaphore.release('a');
    expect(await codeOf(semaphore.acquire('a', 1_000))).toBe('acquired');
  });

  it('tryAcquire returns false without waiting, and keys without holders are dropped', () => {
    const semaphore = new KeyedSemaphore<string>(2);
    expect(['a', 'a', 'a', 'b'].map((key) => semaphore.tryAcquire(key))).toEqual([true, true, false, true]);
    semaphore.release('a');
    expect(semaphore.tryAcquire('a')).toBe(true);
    for (const key of ['a', 'a', 'b']) semaphore.release(key);
    expect(semaphore.size).toBe(0);
    const unlimited = new KeyedSemaphore<string>(0);
    expect(Array.from({ length: 100 }, () => unlimited.tryAcquire('a')).every(Boolean)).toBe(true);
  });
});
