import { REQUEST_TIMEOUT_MS } from '@switchboard/shared/bus';
import type { Caller } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { KeyedSemaphore } from '@switchboard/shared/limits';
import type { Request } from 'express';
import type { Identity, UserIdentity, Verify } from '../auth/claims.ts';
import { bearerToken } from '../auth/token.ts';
import type { EventLimits } from '../events/event-limits.ts';
import { addRateLimit } from './rate-limit.ts';

/** How long a request may wait for a place among the user's requests in flight. */
const MAX_WAIT_MS = REQUEST_TIMEOUT_MS;

/** Authenticates HTTP requests and limits them per user. */
export class Authenticator {
  readonly #verify: Verify;
  readonly #limits: EventLimits;
  readonly #inFlight: KeyedSemaphore<number>;

  /** `maxInFlight`: requests of one user that run at the same time. */
  constructor(verify: Verify, limits: EventLimits, maxInFlight: number) {
    this.#verify = verify;
    this.#limits = limits;
    this.#inFlight = new KeyedSemaphore(maxInFlight);
  }

  /** Throws UNAUTHORIZED, RATE_LIMITED, BUSY, and FORBIDDEN for a machine. */
  async user(request: Request): Promise<UserIdentity> {
    const identity = await this.#identify(request);
    if (identity.kind !== 'user') throw new Failure('FORBIDDEN');
    const { id } = identity.actor;
    this.#consumeToken(request, id);
    await this.#inFlight.acquire(id, MAX_WAIT_MS);
    onceReplied(request, () => {
      this.#inFlight.release(id);
    });
    return identity;
  }

  /**
   * The caller of a contract. Throws UNAUTHORIZED, RATE_LIMITED, BUSY, and FORBIDDEN for another kind of
   * caller.
   */
  async callerOf(request: Request, caller: Caller): Promise<Identity> {
    if (caller === 'user') return this.user(request);
    const identity = await this.#identify(request);
    if (identity.kind !== 'machine' || caller !== 'machine') throw new Failure('FORBIDDEN');
    return identity;
  }

  #consumeToken({ res }: Request, userId: number): void {
    try {
      this.#limits.consumeForUser(userId);
    } finally {
      if (res !== undefined) addRateLimit(res, 'user', this.#limits.userLevel(userId));
    }
  }

  #identify(request: Request): Promise<Identity> {
    return this.#verify(bearerToken(request.headers));
  }
}

/** Runs when the response was sent, or its connection has ended. */
function onceReplied({ res }: Request, run: () => void): void {
  if (res === undefined || res.closed) run();
  else res.once('close', run);
}
