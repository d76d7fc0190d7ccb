import type { Handler, RequestContext } from '@switchboard/shared/bus';
import type { PayloadOf, RequestContract } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { TokenBuckets, KeyedSemaphore } from '@switchboard/shared/limits';

/** How long a read waits for the same user's earlier reads; well within REQUEST_TIMEOUT_MS. */
const MAX_READ_WAIT_MS = 1_000;

/** Limits what this replica accepts from one user and from each of their sockets. */
export interface RequestLimits {
  readonly users: TokenBuckets<number>;
  readonly sockets: TokenBuckets<string>;
  /** Concurrent reads of one user: they hold pooled connections that other users' sends need. */
  readonly reads: KeyedSemaphore<number>;
}

/** What a request costs of its user's rate; 1 by default. */
type CostOf<C extends RequestContract> = (payload: PayloadOf<C>) => number;

/**
 * Applies the rate limits. Each gateway limits its own sockets; this service sees a user's requests from all
 * gateways and trusts none. Throws RATE_LIMITED with `retryAfterMs`.
 */
export const limited =
  <C extends RequestContract>(
    { users, sockets }: RequestLimits,
    handler: Handler<C>,
    costOf: CostOf<C> = () => 1,
  ): Handler<C> =>
  async (payload, context: RequestContext) => {
    const { actor, socket } = context;
    const cost = costOf(payload);
    const now = performance.now();
    const retryAfterMs =
      (socket === undefined ? 0 : sockets.consume(socket.id, now, 0, cost)) ||
      users.consume(actor.id, now, 0, cost);
    if (retryAfterMs > 0) throw new Failure('RATE_LIMITED', { retryAfterMs });
    return handler(payload, context);
  };

/** Also limits a user's concurrent page reads. Throws RATE_LIMITED, or BUSY after MAX_READ_WAIT_MS. */
export const limitedRead = <C extends RequestContract>(
  limits: RequestLimits,
  handler: Handler<C>,
  costOf?: CostOf<C>,
): Handler<C> =>
  limited(
    limits,
    async (payload, context) => {
      await limits.reads.acquire(context.actor.id, MAX_READ_WAIT_MS);
      try {
        return await handler(payload, context);
      } finally {
        limits.reads.release(context.actor.id);
      }
    },
    costOf,
  );
