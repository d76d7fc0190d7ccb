import { describe, expect, it } from '@jest/globals';
import { quotaOf, rateOf, TokenBucket, TokenBuckets } from '@switchboard/shared/limits';
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

  it('gives credit, and grants nothing until it is paid back', () => {
    const bucket = new TokenBucket(rate);
    bucket.charge(4.5, 1_000);
    expect(bucket.level(1_000)?.remaining).toBe(0);
    bucket.charge(10, 1_000);
    expect(bucket.consume(1_000)).toBe(1_050);
    expect(bucket.consume(2_049)).toBe(1);
    expect(bucket.consume(2_050)).toBe(0);
    const buckets = new TokenBuckets<string>(rate);
    buckets.charge('a', 5, 0);
    expect([buckets.consume('a', 0), buckets.consume('b', 0)]).toEqual([100, 0]);
  });

  it('grants everything without a rate', () => {
    const bucket = new TokenBucket(rateOf(0));
    bucket.block(10_000, 0);
    bucket.charge(10_000, 0);
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

describe('the level of a bucket', () => {
  it('is its quota while it is full, then what is left and when one more comes', () => {
    const bucket = new TokenBucket(rate);
    const quota = { tokens: 5, seconds: 1 };
    expect(bucket.level(1_000)).toEqual({ quota, remaining: 5, nextMs: undefined });
    bucket.consume(1_000);
    expect(bucket.level(1_000)).toEqual({ quota, remaining: 4, nextMs: 100 });
    expect(bucket.level(1_030)).toEqual({ quota, remaining: 4, nextMs: 70 });
    expect(bucket.level(1_100)).toEqual({ quota, remaining: 5, nextMs: undefined });
  });

  it('is nothing while it is blocked', () => {
    const bucket = new TokenBucket(rate);
    bucket.block(10_000, 0);
    expect(bucket.level(0)).toMatchObject({ remaining: 0, nextMs: 10_100 });
  });

  it('does not exist without a limit', () => {
    expect(new TokenBucket(rateOf(0)).level()).toBeUndefined();
    expect(new TokenBuckets(rateOf(0)).level('a')).toBeUndefined();
  });

  it('is one request for a bucket that holds less than a token', () => {
    const bucket = new TokenBucket(rateOf(0.1));
    const quota = { tokens: 1, seconds: 4 };
    expect(bucket.level(0)).toEqual({ quota, remaining: 1, nextMs: undefined });
    expect(bucket.consume(0)).toBe(0);
    expect(bucket.level(0)).toMatchObject({ quota, remaining: 0, nextMs: 4_000 });
  });

  it('of a key that consumed nothing is full, and takes no memory', () => {
    const buckets = new TokenBuckets<string>(rate);
    buckets.consume('a', 0);
    expect([buckets.level('a', 0)?.remaining, buckets.level('b', 0)?.remaining]).toEqual([4, 5]);
    expect(buckets.size).toBe(1);
  });

  const Rates = fc.double({ min: 0.01, max: 200, noNaN: true });
  const Pauses = fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { maxLength: 50 });

  it('is exactly what the bucket then grants, now and when one more has come', () => {
    fc.assert(
      fc.property(Rates, Pauses, (perSecond, pauses) => {
        const bucket = new TokenBucket(rateOf(perSecond));
        let now = 1e6;
        for (const pause of pauses) bucket.consume((now += pause));
        const level = bucket.level(now);
        const nextMs = level?.nextMs;
        if (nextMs !== undefined) {
          expect(bucket.level(now + nextMs)?.remaining).toBe((level?.remaining ?? 0) + 1);
          if (nextMs > 1) expect(bucket.level(now + nextMs - 1)?.remaining).toBe(level?.remaining);
        }
        let granted = 0;
        while (bucket.consume(now) === 0) granted += 1;
        expect(level?.remaining).toBe(granted);
      }),
    );
  });

  it('is never used up by a client that keeps to the quota', () => {
    fc.assert(
      fc.property(Rates, Pauses, (perSecond, pauses) => {
        const bucket = new TokenBucket(rateOf(perSecond));
        const quota = quotaOf(rateOf(perSecond));
        const granted: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          const recent = granted.filter((at) => at > now - (quota?.seconds ?? 0) * 1_000);
          if (recent.length >= (quota?.tokens ?? 0)) continue;
          expect(bucket.consume(now)).toBe(0);
          granted.push(now);
        }
      }),
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
    buckets.charge(1, 10, 0);
    expect(buckets.size).toBe(0);
  });
});
