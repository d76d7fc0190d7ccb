import type { Bus, Handler } from '@switchboard/shared/bus';
import type { chatContracts } from '@switchboard/shared/contracts';
import type { ChatStore } from '../domain/chat-store.ts';
import { completeChange } from './complete-change.ts';

/**
 * Commits the change and replies only once message-service holds it in its own row. Invariant: after the
 * reply to a close no message is accepted, whichever process crashes. A failure in between leaves a change
 * that a repeat or the sweep completes.
 */
export const updateChatHandler =
  (store: ChatStore, bus: Bus): Handler<typeof chatContracts.updateChat> =>
  async ({ chatId, ...change }, { actor, trace }) => {
    const { chat, ...unconfirmed } = await store.change(chatId, change, actor, trace);
    await completeChange(store, bus, unconfirmed, trace);
    return chat;
  };
