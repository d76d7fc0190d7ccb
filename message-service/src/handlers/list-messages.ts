import type { Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import type { ChatDirectory, MessageStore } from '../domain/message-store.ts';
import { onKnownChat } from './known-chat.ts';

const DEFAULT_LIMIT = 50;

export const listMessagesHandler = (store: MessageStore, chats: ChatDirectory): Handler<typeof messageContracts.listMessages> =>
  ({ chatId, limit = DEFAULT_LIMIT, cursor }, context) => onKnownChat(chats, chatId, context, () => store.list(context.actor, chatId, { limit, cursor }));
