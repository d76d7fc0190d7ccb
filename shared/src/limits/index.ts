export { KeyedSemaphore } from './keyed-semaphore.ts';
export { rateOf, TokenBucket, TokenBuckets, userRateOf, type Rate } from './token-buckets.ts';
