import type { Level } from '@switchboard/shared/limits';
import type { Response } from 'express';

// https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/10/

/** Whose token bucket: the address's, or the user's over all sockets and HTTP requests. */
export type Policy = 'address' | 'user';

export const RATE_LIMIT_HEADERS = ['RateLimit-Policy', 'RateLimit'] as const;

/**
 * Adds a token bucket to `RateLimit-Policy` and `RateLimit`. `q`: its capacity. `w`: the seconds in which it
 * fills; a client that sends at most `q` requests in any `w` seconds is never refused. `r`: the requests that
 * it grants at once. `t`: the seconds until it grants one more, rounded up; absent when it is full.
 */
export function addRateLimit(response: Response, policy: Policy, level: Level | undefined): void {
  if (level === undefined || response.headersSent) return;
  const { quota, remaining, nextMs } = level;
  const t = nextMs === undefined ? '' : `;t=${secondsOf(nextMs)}`;
  add(response, 'RateLimit-Policy', `"${policy}";q=${String(quota.tokens)};w=${String(quota.seconds)}`);
  add(response, 'RateLimit', `"${policy}";r=${String(remaining)}${t}`);
}

/** A list in one line (RFC 9651, section 3.1). */
function add(response: Response, header: (typeof RATE_LIMIT_HEADERS)[number], item: string): void {
  const before = response.get(header);
  response.set(header, before === undefined ? item : `${before}, ${item}`);
}

const secondsOf = (ms: number): string => Math.ceil(ms / 1_000).toString();
