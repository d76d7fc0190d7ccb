import type { Handler } from '@switchboard/shared/bus';
import type { chatContracts } from '@switchboard/shared/contracts';
import type { UserIds } from '../domain/user-ids.ts';

/** For gateways that meet a subject, and for machines that name a user. */
export const identifyUserHandler =
  (userIds: UserIds): Handler<typeof chatContracts.identifyUser> & Handler<typeof chatContracts.addUser> =>
  async (subject) => ({ ...subject, userId: await userIds.of(subject) });
