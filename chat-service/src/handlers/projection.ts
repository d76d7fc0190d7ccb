import type { Handler } from '@switchboard/shared/bus';
import type { chatContracts } from '@switchboard/shared/contracts';
import type { ChatStore } from '../domain/chat-store.ts';

// The requests of other services' ChatProjection.

export const lookUpChatHandler =
  (store: ChatStore): Handler<typeof chatContracts.lookUpChat> =>
  async ({ chatId }) => ({ chat: await store.facts(chatId) });

export const readChangesHandler =
  (store: ChatStore): Handler<typeof chatContracts.readChanges> =>
  ({ cursor, limit }) =>
    store.changesAfter(cursor, limit);
