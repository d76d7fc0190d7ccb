import type { Bus, Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import type { ChatDirectory, MessageStore } from '../domain/message-store.ts';
import { onKnownChat } from './known-chat.ts';

/** Answers for every message asked for; the room hears only of the newly read. */
export const readMessagesHandler = (store: MessageStore, chats: ChatDirectory, bus: Bus): Handler<typeof messageContracts.readMessages> =>
  async ({ chatId, messageIds }, context) => {
    const { actor, trace } = context;
    const marks = await onKnownChat(chats, chatId, context, () => store.markRead(actor, chatId, messageIds, context.trace));
    if (marks.entry !== undefined) bus.publishEntry('message', chatId, marks.entry, trace);
    return marks.messageIds.map((id) => ({ id, readBy: actor.id }));
  };
