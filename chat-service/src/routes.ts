import type { Bus, RoutesOf } from '@switchboard/shared/bus';
import type { chatContracts } from '@switchboard/shared/contracts';
import { pingHandler, readHeadsHandler, readLogHandler } from '@switchboard/shared/handlers';
import type { ChatStore } from './domain/chat-store.ts';
import type { UserIds } from './domain/user-ids.ts';
import { getChatHandler } from './handlers/get-chat.ts';
import { identifyUserHandler } from './handlers/identify-user.ts';
import { listChatsHandler } from './handlers/list-chats.ts';
import { openChatHandler } from './handlers/open-chat.ts';
import { lookUpChatHandler, readChangesHandler } from './handlers/projection.ts';
import { readLogWhenPlaced } from './handlers/read-log.ts';
import { updateChatHandler } from './handlers/update-chat.ts';

/** The table of contents of chat-service: a contract without a handler does not compile. */
export const routes = (store: ChatStore, userIds: UserIds, bus: Bus) =>
  ({
    openChat: openChatHandler(store),
    listChats: listChatsHandler(store),
    getChat: getChatHandler(store),
    updateChat: updateChatHandler(store, bus),
    lookUpChat: lookUpChatHandler(store),
    readChanges: readChangesHandler(store),
    identifyUser: identifyUserHandler(userIds),
    addUser: identifyUserHandler(userIds),
    readLog: readLogWhenPlaced(store),
    readLogNow: readLogHandler(store),
    readHeads: readHeadsHandler(store),
    ping: pingHandler(store),
  }) satisfies RoutesOf<typeof chatContracts>;
