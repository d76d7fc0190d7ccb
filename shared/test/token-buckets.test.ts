import { describe, expect, it } from '@jest/globals';
import { rateOf, TokenBucket, TokenBuckets } from '@switchboard/shared/limits';
import fc from 'fast-check';

const rate = { perSecond: 10, burst: 5 };

describe('a bucket', () => {
  it('gives its burst at once, and then a token whenever one has flowed in', () => {
    const bucket = new TokenBucket(rate);
    expect([1, 2, 3, 4, 5, 6].map(() => bucket.take(1_000))).toEqual([0, 0, 0, 0, 0, 100]);
    expect(bucket.take(1_099)).toBe(1);
    expect(bucket.take(1_100)).toBe(0);
    expect(bucket.take(1_150)).toBe(50);
  });

  it('holds no more than its burst, however long nobody comes', () => {
    const bucket = new TokenBucket(rate);
    bucket.take(0);
    const taken = Array.from({ length: 20 }, () => bucket.take(1_000_000));
    expect(taken.filter((waitMs) => waitMs === 0)).toHaveLength(5);
  });

  it('keeps a reserve from those who may be refused', () => {
    const bucket = new TokenBucket(rate);
    expect([1, 2, 3].map(() => bucket.take(0, 3))).toEqual([0, 0, 100]);
    expect([1, 2, 3, 4].map(() => bucket.take(0))).toEqual([0, 0, 0, 100]);
  });

  it('that is closed gives nothing for so long', () => {
    const bucket = new TokenBucket(rate);
    bucket.close(10_000, 0);
    expect(bucket.take(0)).toBe(10_100);
    expect(bucket.take(10_099)).toBe(1);
    expect(bucket.take(10_100)).toBe(0);
  });

  it('without a rate refuses nobody', () => {
    const bucket = new TokenBucket(rateOf(0));
    bucket.close(10_000, 0);
    expect(Array.from({ length: 1_000 }, () => bucket.take(0)).every((waitMs) => waitMs === 0)).toBe(true);
  });

  it('never gives more than the burst and what flowed in, and tells truly when to come back', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 100 }), fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 }), (perSecond, pauses) => {
      const bucket = new TokenBucket(rateOf(perSecond));
      let now = 0;
      let given = 0;
      for (const pause of pauses) {
        now += pause;
        const waitMs = bucket.take(now);
        if (waitMs === 0) given += 1;
        expect(given).toBeLessThanOrEqual(4 * perSecond + (now * perSecond) / 1_000 + 1e-6);
        if (waitMs > 1) expect(bucket.take(now + waitMs - 1)).toBeGreaterThan(0);
      }
    }));
  });
});

describe('many buckets', () => {
  it('are each their own', () => {
    const buckets = new TokenBuckets<string>(rate);
    for (let n = 0; n < 5; n++) buckets.take('a', 0);
    expect([buckets.take('a', 0), buckets.take('b', 0)]).toEqual([100, 0]);
    buckets.close('b', 1_000, 0);
    expect(buckets.take('b', 0)).toBe(1_100);
  });

  it('are forgotten once they are full: it holds what goes on, not what ever went on', () => {
    const buckets = new TokenBuckets<number>(rate);
    for (let user = 0; user < 100_000; user++) buckets.take(user, user);
    expect(buckets.size).toBeLessThan(2_000);
  });

  it('without a rate hold nothing', () => {
    const buckets = new TokenBuckets<number>(rateOf(0));
    for (let user = 0; user < 100; user++) expect(buckets.take(user, 0)).toBe(0);
    expect(buckets.size).toBe(0);
  });
});
