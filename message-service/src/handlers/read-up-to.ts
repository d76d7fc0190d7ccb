import type { Bus, Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import type { ChatProjection, MessageStore } from '../domain/message-store.ts';
import { withAccess } from './with-access.ts';

/** Publishes a mark that moved to every socket but the one that asked. */
export const readUpToHandler =
  (store: MessageStore, chats: ChatProjection, bus: Bus): Handler<typeof messageContracts.readUpTo> =>
  async ({ chatId, seq }, context) => {
    const { actor, socket, trace } = context;
    const { mark, unread, entries } = await withAccess(chats, chatId, context, () =>
      store.readUpTo(actor, chatId, seq, trace),
    );
    for (const entry of entries)
      bus.publishEntry('message', chatId, { ...entry, socketId: socket?.id }, trace);
    return { ...(mark ?? NOTHING_READ), chatId, userId: actor.id, unread };
  };

const NOTHING_READ = { seq: 0, at: new Date(0).toISOString() };
