/** How often and how long the worker retries a delivery. Times in ms. */
export interface RetryPolicy {
  /** Delay after the first failure; it doubles with each further one. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Measured from the first attempt. */
  readonly giveUpAfterMs: number;
}

export const RETRY_POLICY: RetryPolicy = {
  firstDelayMs: 5_000,
  maxDelayMs: 4 * 3_600_000,
  giveUpAfterMs: 24 * 3_600_000,
};

/** How an attempt ended: with a response, or with an error that the receiver's owner may read. */
export type AttemptResult = { readonly status: number } | { readonly error: string };

/** What the worker does with the delivery after an attempt. */
export type Verdict =
  | { readonly state: 'delivered' }
  | { readonly state: 'dead'; readonly error: string }
  | { readonly state: 'waiting'; readonly error: string; readonly delayMs: number };

export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Time since the first attempt. */
  readonly ageMs: number;
  readonly result: AttemptResult;
}

const GONE = 410;

/**
 * Only 2xx is success: a receiver that redirects must register the other URL. The worker makes a last attempt
 * when the time is up. `random`, from 0 to 1, adds jitter.
 */
export function judge({ number, ageMs, result }: Attempt, policy: RetryPolicy, random: number): Verdict {
  if ('status' in result && result.status >= 200 && result.status < 300) return { state: 'delivered' };
  const error = 'status' in result ? `answered with ${result.status.toString()}` : result.error;
  const leftMs = policy.giveUpAfterMs - ageMs;
  if (leftMs <= 0 || ('status' in result && result.status === GONE)) return { state: 'dead', error };
  return { state: 'waiting', error, delayMs: Math.min(delayAfter(number, policy, random), leftMs) };
}

/** Exponential backoff with jitter: between half of the doubled delay and all of it. */
export function delayAfter(
  attempts: number,
  { firstDelayMs, maxDelayMs }: RetryPolicy,
  random: number,
): number {
  const full = Math.min(firstDelayMs * 2 ** (attempts - 1), maxDelayMs);
  return Math.round((full * (1 + random)) / 2);
}
