import type { Bus, Handler } from '@switchboard/shared/bus';
import { userTyping, type presenceContracts } from '@switchboard/shared/contracts';
import type { ChatProjection } from '../domain/presence-store.ts';

/** Stores nothing: each gateway ends typing by itself. */
export const setTypingHandler =
  (chats: ChatProjection, bus: Bus): Handler<typeof presenceContracts.setTyping> =>
  async ({ chatId, isTyping }, { actor, trace }) => {
    await chats.requireAccess(actor, chatId, trace);
    bus.publish(userTyping, chatId, { chatId, userId: actor.id, email: actor.email, isTyping }, trace);
    return { chatId, isTyping };
  };
