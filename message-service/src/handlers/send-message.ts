import type { Bus, Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import type { ChatProjection, MessageSender } from '../domain/message-store.ts';
import { withAccess } from './with-access.ts';

/** Publishes a message to the room after COMMIT, and a repeat never. */
export const sendMessageHandler =
  (sender: MessageSender, chats: ChatProjection, bus: Bus): Handler<typeof messageContracts.sendMessage> =>
  async ({ chatId, message }, context) => {
    const sent = await withAccess(chats, chatId, context, () =>
      sender.send(context.actor, chatId, message, context),
    );
    if (sent.entry === undefined) return { ...sent.message, deduplicated: true };
    bus.publishEntry('message', chatId, sent.entry, context.trace);
    return sent.message;
  };
