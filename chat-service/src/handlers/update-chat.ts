import type { Bus, Handler } from '@switchboard/shared/bus';
import { messageContracts, type chatContracts } from '@switchboard/shared/contracts';
import type { ChatStore } from '../domain/chat-store.ts';

/**
 * Commits the change, publishes it, and replies only once message-service holds it in its own row. Invariant:
 * after the reply to a close no message is accepted, whichever process crashes. A failure in between leaves a
 * change that a repeat completes.
 */
export const updateChatHandler =
  (store: ChatStore, bus: Bus): Handler<typeof chatContracts.updateChat> =>
  async ({ chatId, ...change }, { actor, trace }) => {
    const { chat, facts, entries } = await store.change(chatId, change, actor, trace);
    for (const entry of entries) bus.publishEntry('chat', chatId, entry, trace);
    await bus.request(messageContracts.applyChat, { chat: facts }, { trace });
    await store.confirm(chatId, facts.version);
    return chat;
  };
