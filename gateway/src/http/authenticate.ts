import type { Asking } from '@switchboard/shared/bus';
import type { Actor, Caller } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Request } from 'express';
import type { Identity } from '../auth/claims.ts';
import { bearerToken } from '../auth/token.ts';
import type { Verify } from '../auth/verify.ts';
import type { EventLimits } from '../limits/event-limits.ts';

/** Finds out who asks over HTTP, and whether they may ask once more. */
export class Askers {
  readonly #verify: Verify;
  readonly #limits: EventLimits;

  constructor(verify: Verify, limits: EventLimits) {
    this.#verify = verify;
    this.#limits = limits;
  }

  /** Throws UNAUTHORIZED, RATE_LIMITED, and FORBIDDEN for a machine. */
  async user(request: Request): Promise<Actor> {
    const identity = await this.#identify(request);
    if (identity.kind !== 'user') throw new Failure('FORBIDDEN');
    this.#limits.takeOf(identity.actor.id);
    return identity.actor;
  }

  /** Whom a contract is for. Throws UNAUTHORIZED, RATE_LIMITED, and FORBIDDEN when it is for somebody else. */
  async of(request: Request, caller: Caller): Promise<Asking> {
    if (caller === 'user') return { actor: await this.user(request) };
    const identity = await this.#identify(request);
    if (identity.kind !== 'machine' || caller !== 'machine') throw new Failure('FORBIDDEN');
    return { machine: identity.machine };
  }

  #identify(request: Request): Promise<Identity> {
    return this.#verify(bearerToken(request.headers));
  }
}
