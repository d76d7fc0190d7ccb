import type { Handler, RequestContext } from '@switchboard/shared/bus';
import type { RequestContract } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { TokenBuckets } from '@switchboard/shared/limits';

/**
 * The gateways limit what users ask for; this service does not take their word for it, and sees what a user asks through all of
 * them. Throws RATE_LIMITED with `retryAfterMs`.
 */
export const limited = <C extends RequestContract>(users: TokenBuckets<number>, handler: Handler<C>): Handler<C> =>
  async (payload, context: RequestContext) => {
    const retryAfterMs = users.take(context.actor.id);
    if (retryAfterMs > 0) throw new Failure('RATE_LIMITED', { retryAfterMs });
    return handler(payload, context);
  };
