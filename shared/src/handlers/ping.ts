import type { Handler } from '../bus/handler.ts';
import type { pingContract } from '../contracts/log.ts';
import { Failure } from '../errors.ts';

/** Throws UNAVAILABLE when the service's database does not answer. */
export const pingHandler =
  (store: { isReady(): Promise<boolean> }): Handler<ReturnType<typeof pingContract>> =>
  async () => {
    if (!(await store.isReady())) throw new Failure('UNAVAILABLE');
    return { ready: true };
  };
