import type { Handler } from '@switchboard/shared/bus';
import { JOIN_MESSAGES, LOG_PAGE, type messageContracts } from '@switchboard/shared/contracts';
import type { ChatProjection, MessageStore } from '../domain/message-store.ts';
import { withAccess } from './with-access.ts';

export const joinChatHandler =
  (store: MessageStore, chats: ChatProjection): Handler<typeof messageContracts.joinChat> =>
  async ({ chatId, after, cursor, limit }, context) => {
    const { actor } = context;
    const isReturning = after !== undefined || cursor !== undefined;
    if (isReturning) {
      const missed = await withAccess(chats, chatId, context, () =>
        store.catchUp(actor, chatId, { after, cursor }, limit ?? LOG_PAGE),
      );
      if (missed !== 'lost') return { chatId, ...missed, recovered: true };
    }
    const snapshot = await withAccess(chats, chatId, context, () =>
      store.snapshot(actor, chatId, limit ?? JOIN_MESSAGES),
    );
    return { chatId, ...snapshot, recovered: isReturning ? false : undefined };
  };
