import type { Bus, Handler } from '@switchboard/shared/bus';
import { participantUpdate, type presenceContracts } from '@switchboard/shared/contracts';
import { participant, requireSocket } from '../domain/participant.ts';
import type { ChatProjection, PresenceStore } from '../domain/presence-store.ts';

export const enterChatHandler =
  (store: PresenceStore, chats: ChatProjection, bus: Bus): Handler<typeof presenceContracts.enterChat> =>
  async ({ chatId, turn: sequence }, { actor, socket, trace }) => {
    await chats.requireAccess(actor, chatId, trace);
    const presence = { chatId, userId: actor.id };
    const { leaseId, isFirst } = await store.enter(presence, requireSocket(socket), sequence);
    if (isFirst) bus.publish(participantUpdate, chatId, participant(presence, 'joined'), trace);
    return { leaseId };
  };
