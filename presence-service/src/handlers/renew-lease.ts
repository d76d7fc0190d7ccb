import type { Handler } from '@switchboard/shared/bus';
import type { presenceContracts } from '@switchboard/shared/contracts';
import type { PresenceStore } from '../domain/presence-store.ts';

export const renewLeaseHandler =
  (store: PresenceStore): Handler<typeof presenceContracts.renewLease> =>
  async ({ gatewayId }) => ({ leaseId: await store.renewLease(gatewayId) });
