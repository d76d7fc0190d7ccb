import { describe, expect, it } from '@jest/globals';
import { rateOf, TokenBucket, TokenBuckets } from '@switchboard/shared/limits';
import fc from 'fast-check';

const rate = { perSecond: 10, burst: 5 };

describe('a token bucket', () => {
  it('grants its burst at once, and then one token per refill', () => {
    const bucket = new TokenBucket(rate);
    expect([1, 2, 3, 4, 5, 6].map(() => bucket.consume(1_000))).toEqual([0, 0, 0, 0, 0, 100]);
    expect(bucket.consume(1_099)).toBe(1);
    expect(bucket.consume(1_100)).toBe(0);
    expect(bucket.consume(1_150)).toBe(50);
  });

  it('holds no more than its burst after a long pause', () => {
    const bucket = new TokenBucket(rate);
    bucket.consume(0);
    const waits = Array.from({ length: 20 }, () => bucket.consume(1_000_000));
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(5);
  });

  it('keeps the reserve for other callers', () => {
    const bucket = new TokenBucket(rate);
    expect([1, 2, 3].map(() => bucket.consume(0, 3))).toEqual([0, 0, 100]);
    expect([1, 2, 3, 4].map(() => bucket.consume(0))).toEqual([0, 0, 0, 100]);
  });

  it('grants nothing while it is blocked', () => {
    const bucket = new TokenBucket(rate);
    bucket.block(10_000, 0);
    expect(bucket.consume(0)).toBe(10_100);
    expect(bucket.consume(10_099)).toBe(1);
    expect(bucket.consume(10_100)).toBe(0);
  });

  it('grants everything without a rate', () => {
    const bucket = new TokenBucket(rateOf(0));
    bucket.block(10_000, 0);
    expect(Array.from({ length: 1_000 }, () => bucket.consume(0)).every((waitMs) => waitMs === 0)).toBe(true);
  });

  it('never grants more than burst and refill, and returns the exact wait', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 }),
        (perSecond, pauses) => {
          const bucket = new TokenBucket(rateOf(perSecond));
          let now = 0;
          let given = 0;
          for (const pause of pauses) {
            now += pause;
            const waitMs = bucket.consume(now);
            if (waitMs === 0) given += 1;
            expect(given).toBeLessThanOrEqual(4 * perSecond + (now * perSecond) / 1_000 + 1e-6);
            if (waitMs > 1) expect(bucket.consume(now + waitMs - 1)).toBeGreaterThan(0);
          }
        },
      ),
    );
  });
});

describe('buckets by key', () => {
  it('are independent', () => {
    const buckets = new TokenBuckets<string>(rate);
    for (let n = 0; n < 5; n++) buckets.consume('a', 0);
    expect([buckets.consume('a', 0), buckets.consume('b', 0)]).toEqual([100, 0]);
    buckets.block('b', 1_000, 0);
    expect(buckets.consume('b', 0)).toBe(1_100);
  });

  it('are dropped once they are full', () => {
    const buckets = new TokenBuckets<number>(rate);
    for (let user = 0; user < 100_000; user++) buckets.consume(user, user);
    expect(buckets.size).toBeLessThan(2_000);
  });

  it('hold nothing without a rate', () => {
    const buckets = new TokenBuckets<number>(rateOf(0));
    for (let user = 0; user < 100; user++) expect(buckets.consume(user, 0)).toBe(0);
    expect(buckets.size).toBe(0);
  });
});
