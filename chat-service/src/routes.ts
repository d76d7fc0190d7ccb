import type { Bus, RoutesOf } from '@switchboard/shared/bus';
import type { chatContracts } from '@switchboard/shared/contracts';
import type { ChatStore } from './domain/chat-store.ts';
import { getChatHandler } from './handlers/get-chat.ts';
import { listChatsHandler } from './handlers/list-chats.ts';
import { openChatHandler } from './handlers/open-chat.ts';
import { pingHandler } from './handlers/ping.ts';
import { readHeadsHandler, readLogHandler } from './handlers/read-log.ts';
import { lookUpChatHandler, readChangesHandler } from './handlers/tell-services.ts';
import { updateChatHandler } from './handlers/update-chat.ts';

/** All that chat-service answers. */
export const routes = (store: ChatStore, bus: Bus) =>
  ({
    openChat: openChatHandler(store),
    listChats: listChatsHandler(store),
    getChat: getChatHandler(store),
    updateChat: updateChatHandler(store, bus),
    lookUpChat: lookUpChatHandler(store),
    readChanges: readChangesHandler(store),
    readLog: readLogHandler(store),
    readHeads: readHeadsHandler(store),
    ping: pingHandler(store),
  }) satisfies RoutesOf<typeof chatContracts>;
