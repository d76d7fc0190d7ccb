import type { Handler } from '@switchboard/shared/bus';
import type { presenceContracts } from '@switchboard/shared/contracts';
import type { ChatProjection, PresenceStore } from '../domain/presence-store.ts';

export const listActiveUsersHandler =
  (store: PresenceStore, chats: ChatProjection): Handler<typeof presenceContracts.listActiveUsers> =>
  async ({ chatId }, { actor, trace }) => {
    await chats.requireAccess(actor, chatId, trace);
    return { chatId, userIds: await store.activeUsers(chatId) };
  };
