import { describe, expect, it } from '@jest/globals';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { EpochClock } from '../src/runtime/otel/epoch-clock.ts';

const OFFSET = 1_700_000_000_000;

/** Clocks that stand still. `heldUp`: what passes while the wall clock is read, in ms. */
function clocks() {
  const now = { monotonic: 1_000, wall: OFFSET + 1_000, heldUp: 0 };
  const pass = (ms: number) => {
    now.monotonic += ms;
    now.wall += ms;
  };
  const clock = new EpochClock(
    {
      monotonic: () => now.monotonic,
      wall: () => {
        const { wall } = now;
        pass(now.heldUp);
        return wall;
      },
    },
    OFFSET,
  );
  return { now, timeOf: (ms: number) => hrTimeToMilliseconds(clock.timeOf(ms)) };
}

describe('the time of a span', () => {
  it('follows the wall clock when that is set', () => {
    const { now, timeOf } = clocks();
    expect(timeOf(900)).toBe(OFFSET + 900);
    now.wall += 60_000;
    expect(timeOf(900)).toBe(OFFSET + 60_900);
  });

  it('does not move when the process is held up while it reads the clocks', () => {
    const { now, timeOf } = clocks();
    now.heldUp = 40;
    expect(timeOf(900)).toBe(OFFSET + 900);
    now.heldUp = 0;
    expect(timeOf(900)).toBe(OFFSET + 900);
  });
});
