export { Tally } from './tally.ts';
export { rateOf, TokenBucket, TokenBuckets, userRateOf, type Rate } from './token-buckets.ts';
export { Turns } from './turns.ts';
