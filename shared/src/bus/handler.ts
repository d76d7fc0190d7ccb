import type { z } from 'zod';
import type { Caller, RequestContract, PayloadOf } from '../contracts/define.ts';
import type { Actor, SocketRef } from '../contracts/values.ts';
import { Failure } from '../errors.ts';
import type { Trace } from '../telemetry/trace.ts';

/** Who calls. Empty when a service calls for itself. */
export interface Identity {
  readonly actor?: Actor | undefined;
  readonly machine?: string | undefined;
  readonly socket?: SocketRef | undefined;
}

/** What a handler knows of a request beside its payload. */
export class RequestContext {
  /** The trace of the handler's work: parent of its own requests and events. */
  readonly trace: Trace;
  readonly #identity: Identity;
  /** On this process's monotonic clock (performance.now(), ms). The caller has given up after that. */
  readonly #expiresAt: number;

  constructor(trace: Trace, ttlMs: number, identity: Identity = {}) {
    this.trace = trace;
    this.#expiresAt = performance.now() + ttlMs;
    this.#identity = identity;
  }

  /** The user who calls. `serve` ensures one for every contract whose caller is a user. */
  get actor(): Actor {
    if (this.#identity.actor === undefined) throw new Failure('UNAUTHORIZED');
    return this.#identity.actor;
  }

  /** The system that calls. `serve` ensures one for every contract whose caller is a machine. */
  get machine(): string {
    if (this.#identity.machine === undefined) throw new Failure('UNAUTHORIZED');
    return this.#identity.machine;
  }

  /** The actor's socket; undefined over HTTP. */
  get socket(): SocketRef | undefined {
    return this.#identity.socket;
  }

  /** Whether the contract allows this caller. */
  isFrom(caller: Caller): boolean {
    if (caller === 'user') return this.#identity.actor !== undefined;
    return caller === 'service' || this.#identity.machine !== undefined;
  }

  get isExpired(): boolean {
    return performance.now() >= this.#expiresAt;
  }
}

/** One use case. Throws a Failure for expected failures; any other error becomes INTERNAL. */
export type Handler<C extends RequestContract> = (
  payload: PayloadOf<C>,
  context: RequestContext,
) => Promise<z.input<C['reply']>>;

/** A service's table of contents: a contract without a handler does not compile. */
export type RoutesOf<T extends Record<string, RequestContract>> = { [Name in keyof T]: Handler<T[Name]> };
