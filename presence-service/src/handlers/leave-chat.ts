import type { Bus, Handler } from '@switchboard/shared/bus';
import { participantUpdate, userTyping, type presenceContracts } from '@switchboard/shared/contracts';
import { participant, requireSocket } from '../domain/participant.ts';
import type { ChatProjection, PresenceStore } from '../domain/presence-store.ts';

/**
 * Publishes `left` at once for a user who leaves. A dropped socket has a grace period, in which its user may
 * reconnect; the sweeper publishes `left` afterwards.
 */
export const leaveChatHandler =
  (store: PresenceStore, chats: ChatProjection, bus: Bus): Handler<typeof presenceContracts.leaveChat> =>
  async ({ chatId, how, turn: sequence }, { actor, socket, trace }) => {
    await chats.requireAccess(actor, chatId, trace);
    const presence = { chatId, userId: actor.id };
    const ref = requireSocket(socket);
    // Without a sequence number the socket has not entered: the request only checks access.
    if (sequence === undefined) return chatId;
    if (how === 'dropped') {
      const isAway = await store.drop(presence, ref, sequence);
      // The user stays active for the grace period, but cannot type without a connection.
      if (isAway)
        bus.publish(userTyping, chatId, { ...presence, email: actor.email, isTyping: false }, trace);
    } else if (await store.leave(presence, ref, sequence)) {
      bus.publish(participantUpdate, chatId, participant(presence, 'left'), trace);
    }
    return chatId;
  };
