import { REQUEST_TIMEOUT_MS, type Asking } from '@switchboard/shared/bus';
import type { Actor, Caller } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { Turns } from '@switchboard/shared/limits';
import type { Request } from 'express';
import type { Identity } from '../auth/claims.ts';
import { bearerToken } from '../auth/token.ts';
import type { Verify } from '../auth/verify.ts';
import type { EventLimits } from '../limits/event-limits.ts';

/** How long a request waits for its turn. */
const PATIENCE_MS = REQUEST_TIMEOUT_MS;

/** Finds out who asks over HTTP, and whether they may ask once more. */
export class Askers {
  readonly #verify: Verify;
  readonly #limits: EventLimits;
  readonly #turns: Turns<number>;

  /** `maxInFlight`: how many requests of a user are at work at once. */
  constructor(verify: Verify, limits: EventLimits, maxInFlight: number) {
    this.#verify = verify;
    this.#limits = limits;
    this.#turns = new Turns(maxInFlight, PATIENCE_MS);
  }

  /** Throws UNAUTHORIZED, RATE_LIMITED, BUSY, and FORBIDDEN for a machine. */
  async user(request: Request): Promise<Actor> {
    const identity = await this.#identify(request);
    if (identity.kind !== 'user') throw new Failure('FORBIDDEN');
    const { id } = identity.actor;
    this.#limits.takeOf(id);
    whenAnswered(request, await this.#turns.take(id));
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

/** Or nobody waits for the answer any more. */
function whenAnswered({ res }: Request, run: () => void): void {
  if (res === undefined || res.closed) run();
  else res.once('close', run);
}
