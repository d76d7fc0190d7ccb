export { KeyedSemaphore } from './keyed-semaphore.ts';
export {
  quotaOf,
  rateOf,
  TokenBucket,
  TokenBuckets,
  userRateOf,
  type Quota,
  type Rate,
} from './token-buckets.ts';
