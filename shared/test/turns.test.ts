import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Turns } from '@switchboard/shared/limits';

beforeEach(() => { jest.useFakeTimers(); });
afterEach(() => { jest.useRealTimers(); });

const codeOf = (promise: Promise<unknown>) => promise.then(() => 'taken', (error: unknown) => (error instanceof Error ? error.message : error));

it('so many are at work at a time, the rest in the order in which they came, each key by itself', async () => {
  const turns = new Turns<string>(2, 1_000);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const take = async (n: number, key = 'a') => {
    const end = await turns.take(key);
    begun.push(n);
    ends.push(end);
  };
  const all = [take(1), take(2), take(3), take(4), take(5, 'b')];
  await jest.advanceTimersByTimeAsync(0);
  expect(begun).toEqual([1, 2, 5]);
  ends[0]?.();
  await jest.advanceTimersByTimeAsync(0);
  expect(begun).toEqual([1, 2, 5, 3]);
  ends[1]?.();
  await Promise.all(all);
  expect(begun).toEqual([1, 2, 5, 3, 4]);
  for (const end of ends.slice(2)) end();
  expect(await codeOf(turns.take('a'))).toBe('taken');
  expect(jest.getTimerCount()).toBe(0);
});

it('who waits too long is told so, and nobody waits for them; neither do too many', async () => {
  const turns = new Turns<string>(1, 1_000);
  const end = await turns.take('a');
  const waiting = Array.from({ length: 100 }, () => codeOf(turns.take('a')));
  expect(await codeOf(turns.take('a'))).toContain('Busy');
  await jest.advanceTimersByTimeAsync(1_000);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['Busy; try again in a moment.']));
  end();
  expect(await codeOf(turns.take('a'))).toBe('taken');
});
