import type { Bus, Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import type { ChatProjection, MessageStore } from '../domain/message-store.ts';
import { withAccess } from './with-access.ts';

/** Replies for every requested message; publishes only the newly read ones to the room. */
export const readMessagesHandler =
  (store: MessageStore, chats: ChatProjection, bus: Bus): Handler<typeof messageContracts.readMessages> =>
  async ({ chatId, messageIds }, context) => {
    const { actor, trace } = context;
    const marks = await withAccess(chats, chatId, context, () =>
      store.markRead(actor, chatId, messageIds, context.trace),
    );
    for (const entry of marks.entries)
      bus.publishEntry('message', chatId, { ...entry, socketId: context.socket?.id }, trace);
    return marks.messageIds.map((id) => ({ id, readBy: actor.id }));
  };
