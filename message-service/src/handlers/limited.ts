import type { Handler, RequestContext } from '@switchboard/shared/bus';
import type { RequestContract } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { TokenBuckets, Turns } from '@switchboard/shared/limits';

/** What one user, and each of their sockets, may ask of this replica. */
export interface AskLimits {
  readonly users: TokenBuckets<number>;
  readonly sockets: TokenBuckets<string>;
  /** Reads at work at once: they hold connections that the others' sends need. */
  readonly reads: Turns<number>;
}

/**
 * The gateways limit what users ask for; this service does not take their word for it, and sees what a user asks through all of
 * them. Throws RATE_LIMITED with `retryAfterMs`.
 */
export const limited = <C extends RequestContract>({ users, sockets }: AskLimits, handler: Handler<C>): Handler<C> =>
  async (payload, context: RequestContext) => {
    const { actor, socket } = context;
    const retryAfterMs = (socket === undefined ? 0 : sockets.take(socket.id)) || users.take(actor.id);
    if (retryAfterMs > 0) throw new Failure('RATE_LIMITED', { retryAfterMs });
    return handler(payload, context);
  };

/** The same for what reads pages, so many at a time. Throws BUSY as well. */
export const limitedRead = <C extends RequestContract>(limits: AskLimits, handler: Handler<C>): Handler<C> =>
  limited(limits, async (payload, context) => {
    const end = await limits.reads.take(context.actor.id);
    try {
      return await handler(payload, context);
    } finally {
      end();
    }
  });
