import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { restartDelayMs } from '../../../dev/processes/restart-delay.ts';

describe('the delay before a restart', () => {
  it('is 0 after a first early exit', () => {
    expect(restartDelayMs([5])).toBe(0);
  });

  it('grows up to ten seconds while a program keeps exiting early', () => {
    const lives = Array.from({ length: 9 }, () => 100);
    expect(lives.map((_, index) => restartDelayMs(lives.slice(0, index + 1)))).toEqual([
      0, 250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ]);
  });

  it('resets after a run of ten seconds', () => {
    expect(restartDelayMs([100, 100, 100, 10_000, 100])).toBe(0);
  });

  it('is 0 after every run of at least three seconds', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000)), fc.integer({ min: 3_000, max: 1_000_000 }), (lives, last) => {
        expect(restartDelayMs([...lives, last])).toBe(0);
      }),
    );
  });
});
