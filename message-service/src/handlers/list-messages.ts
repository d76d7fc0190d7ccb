import type { Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import { DEFAULT_PAGE_LIMIT } from '@switchboard/shared/handlers';
import type { ChatProjection, MessageStore } from '../domain/message-store.ts';
import { withAccess } from './with-access.ts';

export const listMessagesHandler =
  (store: MessageStore, chats: ChatProjection): Handler<typeof messageContracts.listMessages> =>
  ({ chatId, limit = DEFAULT_PAGE_LIMIT, cursor }, context) =>
    withAccess(chats, chatId, context, () => store.list(context.actor, chatId, { limit, cursor }));
