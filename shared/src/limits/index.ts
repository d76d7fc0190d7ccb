export { KeyedSemaphore } from './keyed-semaphore.ts';
export {
  quotaOf,
  rateOf,
  TokenBucket,
  TokenBuckets,
  userRateOf,
  type Level,
  type Quota,
  type Rate,
} from './token-buckets.ts';
