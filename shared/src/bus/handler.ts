import type { z } from 'zod';
import type { RequestContract, PayloadOf } from '../contracts/define.ts';
import type { Actor, SocketRef } from '../contracts/values.ts';
import { Failure } from '../errors.ts';
import type { Trace } from './trace.ts';

/** What a handler may know of a request beside its payload. */
export class RequestContext {
  /** Of the work that the handler does; what it asks and tells for it goes below that. */
  readonly trace: Trace;
  readonly #actor: Actor | undefined;
  readonly #socket: SocketRef | undefined;
  /** On this process's monotonic clock (performance.now(), ms): nobody waits for the answer after that. */
  readonly #expiresAt: number;

  constructor(trace: Trace, ttlMs: number, actor?: Actor, socket?: SocketRef) {
    this.trace = trace;
    this.#expiresAt = performance.now() + ttlMs;
    this.#actor = actor;
    this.#socket = socket;
  }

  /** The user who asks. `serve` has made sure of one for every contract whose caller is a user. */
  get actor(): Actor {
    if (this.#actor === undefined) throw new Failure('UNAUTHORIZED');
    return this.#actor;
  }

  /** The socket the actor asks through, when they ask through one. */
  get socket(): SocketRef | undefined {
    return this.#socket;
  }

  get hasActor(): boolean {
    return this.#actor !== undefined;
  }

  get isExpired(): boolean {
    return performance.now() >= this.#expiresAt;
  }
}

/** One use case: throws a Failure for what is expected to go wrong; anything else is answered as INTERNAL. */
export type Handler<C extends RequestContract> = (payload: PayloadOf<C>, context: RequestContext) => Promise<z.input<C['reply']>>;

/** A service's table of contents: a contract without a handler does not compile. */
export type RoutesOf<T extends Record<string, RequestContract>> = { [Name in keyof T]: Handler<T[Name]> };
