import type { Handler } from '@switchboard/shared/bus';
import { LOG_PAGE, type messageContracts } from '@switchboard/shared/contracts';
import type { ChatDirectory, MessageStore } from '../domain/message-store.ts';
import { onKnownChat } from './known-chat.ts';

const SNAPSHOT_MESSAGES = 50;

export const joinChatHandler = (store: MessageStore, chats: ChatDirectory): Handler<typeof messageContracts.joinChat> =>
  async ({ chatId, after, cursor }, context) => {
    const { actor } = context;
    const isReturning = after !== undefined || cursor !== undefined;
    if (isReturning) {
      const missed = await onKnownChat(chats, chatId, context, () => store.catchUp(actor, chatId, { after, cursor }, LOG_PAGE));
      if (missed !== 'lost') return { chatId, ...missed, recovered: true };
    }
    const snapshot = await onKnownChat(chats, chatId, context, () => store.snapshot(actor, chatId, SNAPSHOT_MESSAGES));
    return { chatId, ...snapshot, recovered: isReturning ? false : undefined };
  };
