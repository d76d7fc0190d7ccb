import { describe, expect, it } from '@jest/globals';
import { Grace } from '../src/domain/grace.ts';

describe('the grace before leases are judged', () => {
  it('is a whole lease from the start', () => {
    const grace = new Grace(12_000, 100);
    expect([100, 12_099, 12_100].map((now) => grace.isOver(now))).toEqual([false, false, true]);
  });

  it('begins again with every time that renewals could not be heard', () => {
    const grace = new Grace(12_000, 0);
    grace.deaf(20_000);
    expect([20_000, 31_999, 32_000].map((now) => grace.isOver(now))).toEqual([false, false, true]);
    grace.deaf(40_000);
    expect(grace.isOver(50_000)).toBe(false);
  });
});
