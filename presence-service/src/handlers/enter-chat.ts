import type { Bus, Handler } from '@switchboard/shared/bus';
import { participantUpdate, type presenceContracts } from '@switchboard/shared/contracts';
import { participant, requireSocket } from '../domain/participant.ts';
import type { ChatAccess, PresenceStore } from '../domain/presence-store.ts';

export const enterChatHandler = (store: PresenceStore, chats: ChatAccess, bus: Bus): Handler<typeof presenceContracts.enterChat> =>
  async ({ chatId }, { actor, socket, trace }) => {
    await chats.requireAccess(actor, chatId);
    const presence = { chatId, userId: actor.id };
    const isFirst = await store.enter(presence, requireSocket(socket));
    if (isFirst) bus.publish(participantUpdate, chatId, participant(presence, 'joined'), trace);
    return { chatId };
  };
