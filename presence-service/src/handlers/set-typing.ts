import type { Bus, Handler } from '@switchboard/shared/bus';
import { userTyping, type presenceContracts } from '@switchboard/shared/contracts';
import type { ChatAccess } from '../domain/presence-store.ts';

/** Nothing is kept: the gateways that hear of it end it by themselves. */
export const setTypingHandler = (chats: ChatAccess, bus: Bus): Handler<typeof presenceContracts.setTyping> =>
  async ({ chatId, isTyping }, { actor, trace }) => {
    await chats.requireAccess(actor, chatId, trace);
    bus.publish(userTyping, chatId, { chatId, userId: actor.id, email: actor.email, isTyping }, trace);
    return { chatId, isTyping };
  };
