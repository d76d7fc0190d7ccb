import type { z } from 'zod';
import type { Caller, RequestContract, PayloadOf } from '../contracts/define.ts';
import type { Actor, SocketRef } from '../contracts/values.ts';
import { Failure } from '../errors.ts';
import type { Trace } from './trace.ts';

/** Who asks; a service that asks for itself says nothing. */
export interface Asker {
  readonly actor?: Actor | undefined;
  readonly machine?: string | undefined;
  readonly socket?: SocketRef | undefined;
}

/** What a handler may know of a request beside its payload. */
export class RequestContext {
  /** Of the work that the handler does; what it asks and tells for it goes below that. */
  readonly trace: Trace;
  readonly #asker: Asker;
  /** On this process's monotonic clock (performance.now(), ms): nobody waits for the answer after that. */
  readonly #expiresAt: number;

  constructor(trace: Trace, ttlMs: number, asker: Asker = {}) {
    this.trace = trace;
    this.#expiresAt = performance.now() + ttlMs;
    this.#asker = asker;
  }

  /** The user who asks. `serve` has made sure of one for every contract whose caller is a user. */
  get actor(): Actor {
    if (this.#asker.actor === undefined) throw new Failure('UNAUTHORIZED');
    return this.#asker.actor;
  }

  /** The system that asks. `serve` has made sure of one for every contract whose caller is a machine. */
  get machine(): string {
    if (this.#asker.machine === undefined) throw new Failure('UNAUTHORIZED');
    return this.#asker.machine;
  }

  /** The socket the actor asks through, when they ask through one. */
  get socket(): SocketRef | undefined {
    return this.#asker.socket;
  }

  /** Whether it was asked by whom the contract is for. */
  isFrom(caller: Caller): boolean {
    if (caller === 'user') return this.#asker.actor !== undefined;
    return caller === 'service' || this.#asker.machine !== undefined;
  }

  get isExpired(): boolean {
    return performance.now() >= this.#expiresAt;
  }
}

/** One use case: throws a Failure for what is expected to go wrong; anything else is answered as INTERNAL. */
export type Handler<C extends RequestContract> = (payload: PayloadOf<C>, context: RequestContext) => Promise<z.input<C['reply']>>;

/** A service's table of contents: a contract without a handler does not compile. */
export type RoutesOf<T extends Record<string, RequestContract>> = { [Name in keyof T]: Handler<T[Name]> };
