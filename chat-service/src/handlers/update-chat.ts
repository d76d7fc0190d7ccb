import type { Bus, Handler } from '@switchboard/shared/bus';
import { messageContracts, type chatContracts } from '@switchboard/shared/contracts';
import type { ChatStore } from '../domain/chat-store.ts';

/**
 * Commits the change, tells the room, and answers only once message-service holds it in its own row: after the answer to
 * a close no message is taken, whatever crashes. Failing in between leaves a change that a repeat of the request completes.
 */
export const updateChatHandler = (store: ChatStore, bus: Bus): Handler<typeof chatContracts.updateChat> =>
  async ({ chatId, ...change }, { actor, trace }) => {
    const { chat, facts, entry } = await store.change(chatId, change, actor, trace);
    bus.publishEntry('chat', chatId, entry, trace);
    await bus.request(messageContracts.takeChat, { chat: facts }, { trace });
    await store.confirm(chatId, facts.version);
    return chat;
  };
