/** How often and how long a delivery is tried. Times in ms. */
export interface Patience {
  /** After the first failure; doubled with each further one. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** From the first attempt on. */
  readonly giveUpAfterMs: number;
}

export const PATIENCE: Patience = { firstDelayMs: 5_000, maxDelayMs: 4 * 3_600_000, giveUpAfterMs: 24 * 3_600_000 };

/** How an attempt ended: with an answer, or without one, in words that its receiver's owner may read. */
export type Answer = { readonly status: number } | { readonly error: string };

/** What comes of it. */
export type Verdict =
  | { readonly state: 'delivered' }
  | { readonly state: 'dead'; readonly error: string }
  | { readonly state: 'waiting'; readonly error: string; readonly delayMs: number };

export interface Attempt {
  /** 1: the first. */
  readonly number: number;
  /** Since the first attempt. */
  readonly ageMs: number;
  readonly answer: Answer;
}

const GONE = 410;

/**
 * Only 2xx is success: whoever redirects is to register the other URL. A last attempt is made when the time is up.
 * `random`: from 0 to 1, so that what failed together does not come back together.
 */
export function judge({ number, ageMs, answer }: Attempt, patience: Patience, random: number): Verdict {
  if ('status' in answer && answer.status >= 200 && answer.status < 300) return { state: 'delivered' };
  const error = 'status' in answer ? `answered with ${answer.status.toString()}` : answer.error;
  const leftMs = patience.giveUpAfterMs - ageMs;
  if (leftMs <= 0 || ('status' in answer && answer.status === GONE)) return { state: 'dead', error };
  return { state: 'waiting', error, delayMs: Math.min(delayAfter(number, patience, random), leftMs) };
}

/** Between half and all of what doubling makes of it. */
export function delayAfter(attempts: number, { firstDelayMs, maxDelayMs }: Patience, random: number): number {
  const full = Math.min(firstDelayMs * 2 ** (attempts - 1), maxDelayMs);
  return Math.round(full * (1 + random) / 2);
}
