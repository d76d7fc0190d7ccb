import type { Handler } from '@switchboard/shared/bus';
import { LOG_PAGE, type messageContracts } from '@switchboard/shared/contracts';
import type { ChatProjection, MessageStore } from '../domain/message-store.ts';
import { withAccess } from './with-access.ts';

const SNAPSHOT_MESSAGES = 50;

export const joinChatHandler =
  (store: MessageStore, chats: ChatProjection): Handler<typeof messageContracts.joinChat> =>
  async ({ chatId, after, cursor }, context) => {
    const { actor } = context;
    const isReturning = after !== undefined || cursor !== undefined;
    if (isReturning) {
      const missed = await withAccess(chats, chatId, context, () =>
        store.catchUp(actor, chatId, { after, cursor }, LOG_PAGE),
      );
      if (missed !== 'lost') return { chatId, ...missed, recovered: true };
    }
    const snapshot = await withAccess(chats, chatId, context, () =>
      store.snapshot(actor, chatId, SNAPSHOT_MESSAGES),
    );
    return { chatId, ...snapshot, recovered: isReturning ? false : undefined };
  };
