import type { Handler } from '@switchboard/shared/bus';
import type { presenceContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { PresenceStore } from '../domain/presence-store.ts';

export const pingHandler = (store: PresenceStore): Handler<typeof presenceContracts.ping> =>
  async () => {
    if (!(await store.isReady())) throw new Failure('UNAVAILABLE');
    return { ready: true };
  };
