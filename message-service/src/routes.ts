import type { Bus, RoutesOf } from '@switchboard/shared/bus';
import { joinCost, type messageContracts } from '@switchboard/shared/contracts';
import { pingHandler, readHeadsHandler, readLogHandler } from '@switchboard/shared/handlers';
import type { HolderOfFileUrl } from './domain/message.ts';
import type {
  ChatProjection,
  FileStore,
  MessageSender,
  MessageStore,
  TransferTickets,
} from './domain/message-store.ts';
import { deleteMessageHandler, editMessageHandler, reactHandler } from './handlers/change-message.ts';
import { downloadFileHandler, downloadSignedFileHandler, uploadFileHandler } from './handlers/files.ts';
import { joinChatHandler } from './handlers/join-chat.ts';
import { limited, limitedRead, type RequestLimits } from './handlers/limited.ts';
import { listMessagesHandler } from './handlers/list-messages.ts';
import { readMessagesHandler } from './handlers/read-messages.ts';
import { readTimelineHandler } from './handlers/read-timeline.ts';
import { readUpToHandler } from './handlers/read-up-to.ts';
import { sendMessageHandler } from './handlers/send-message.ts';
import { applyChatHandler } from './handlers/apply-chat.ts';

export interface Parts {
  readonly store: MessageStore;
  readonly sender: MessageSender;
  readonly chats: ChatProjection;
  readonly files: FileStore;
  readonly tickets: TransferTickets;
  readonly holderOfFileUrl: HolderOfFileUrl;
  readonly limits: RequestLimits;
  readonly bus: Bus;
}

/** The table of contents of message-service: a contract without a handler does not compile. */
export const routes = ({ store, sender, chats, files, tickets, holderOfFileUrl, limits, bus }: Parts) =>
  ({
    sendMessage: limited(limits, sendMessageHandler(sender, chats, bus)),
    joinChat: limitedRead(limits, joinChatHandler(store, chats), ({ limit }) => joinCost(limit)),
    listMessages: limitedRead(limits, listMessagesHandler(store, chats)),
    readTimeline: limitedRead(limits, readTimelineHandler(store, chats, bus)),
    readMessages: limited(limits, readMessagesHandler(store, chats, bus)),
    readUpTo: limited(limits, readUpToHandler(store, chats, bus)),
    editMessage: limited(limits, editMessageHandler({ store, chats, bus })),
    deleteMessage: limited(limits, deleteMessageHandler({ store, chats, bus })),
    react: limited(limits, reactHandler({ store, chats, bus })),
    uploadFile: limited(limits, uploadFileHandler(tickets)),
    downloadFile: limited(limits, downloadFileHandler(files, tickets)),
    downloadSignedFile: downloadSignedFileHandler(files, tickets, holderOfFileUrl),
    applyChat: applyChatHandler(store, chats),
    readLog: readLogHandler(store),
    readHeads: readHeadsHandler(store),
    ping: pingHandler(store),
  }) satisfies RoutesOf<typeof messageContracts>;
