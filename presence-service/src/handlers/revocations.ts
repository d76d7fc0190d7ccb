import type { Handler } from '@switchboard/shared/bus';
import type { presenceContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { RevocationStore } from '../domain/revocation-store.ts';

export const revokeHandler =
  (revocations: RevocationStore): Handler<typeof presenceContracts.revoke> =>
  async ({ userId, jti }, { machine }) => {
    if (jti !== undefined) return revocations.revoke({ jti }, machine);
    if (userId !== undefined) return revocations.revoke({ userId }, machine);
    throw new Failure('VALIDATION');
  };

export const readRevocationsHandler =
  (revocations: RevocationStore): Handler<typeof presenceContracts.readRevocations> =>
  async ({ after, limit }) => {
    const page = await revocations.readAfter(after, limit);
    return { revocations: page, hasMore: page.length === limit };
  };
