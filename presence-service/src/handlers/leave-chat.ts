import type { Bus, Handler } from '@switchboard/shared/bus';
import { participantUpdate, userTyping, type presenceContracts } from '@switchboard/shared/contracts';
import { participant, requireSocket } from '../domain/participant.ts';
import type { ChatAccess, PresenceStore } from '../domain/presence-store.ts';

/** Who leaves is told at once; a dropped transport is given time to come back before anybody hears of it. */
export const leaveChatHandler = (store: PresenceStore, chats: ChatAccess, bus: Bus): Handler<typeof presenceContracts.leaveChat> =>
  async ({ chatId, how, turn }, { actor, socket, trace }) => {
    await chats.requireAccess(actor, chatId, trace);
    const presence = { chatId, userId: actor.id };
    const ref = requireSocket(socket);
    if (turn === undefined) return chatId;
    if (how === 'dropped') {
      const isAway = await store.drop(presence, ref, turn);
      // They count as active for a while, but nobody types without a connection.
      if (isAway) bus.publish(userTyping, chatId, { ...presence, email: actor.email, isTyping: false }, trace);
    } else if (await store.leave(presence, ref, turn)) {
      bus.publish(participantUpdate, chatId, participant(presence, 'left'), trace);
    }
    return chatId;
  };
