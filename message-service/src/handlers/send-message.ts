import type { Bus, Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import { failpoint } from '@switchboard/shared/failpoints';
import type { ChatDirectory, MessageSender } from '../domain/message-store.ts';
import { onKnownChat } from './known-chat.ts';

/** The room hears of a message after COMMIT, and never of a repeat. */
export const sendMessageHandler = (sender: MessageSender, chats: ChatDirectory, bus: Bus): Handler<typeof messageContracts.sendMessage> =>
  async ({ chatId, message }, context) => {
    const sent = await onKnownChat(chats, chatId, context, () => sender.send(context.actor, chatId, message, context));
    if (sent.entry === undefined) return { ...sent.message, deduplicated: true };
    bus.publishEntry('message', chatId, sent.entry, context.trace);
    failpoint('message.told');
    return sent.message;
  };
