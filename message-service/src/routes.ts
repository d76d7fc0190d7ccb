import type { Bus, RoutesOf } from '@switchboard/shared/bus';
import type { FileSignature, messageContracts } from '@switchboard/shared/contracts';
import type { ChatDirectory, FileStore, MessageSender, MessageStore, TransferTickets } from './domain/message-store.ts';
import { downloadFileHandler, downloadSignedFileHandler, uploadFileHandler } from './handlers/files.ts';
import { joinChatHandler } from './handlers/join-chat.ts';
import { limited, limitedRead, type AskLimits } from './handlers/limited.ts';
import { listMessagesHandler } from './handlers/list-messages.ts';
import { pingHandler } from './handlers/ping.ts';
import { readHeadsHandler, readLogHandler } from './handlers/read-log.ts';
import { readMessagesHandler } from './handlers/read-messages.ts';
import { sendMessageHandler } from './handlers/send-message.ts';
import { takeChatHandler } from './handlers/take-chat.ts';

export interface Parts {
  readonly store: MessageStore;
  readonly sender: MessageSender;
  readonly chats: ChatDirectory;
  readonly files: FileStore;
  readonly tickets: TransferTickets;
  readonly isGoodFileUrl: (fileId: string, proof: FileSignature) => boolean;
  readonly limits: AskLimits;
  readonly bus: Bus;
}

/** All that message-service answers. */
export const routes = ({ store, sender, chats, files, tickets, isGoodFileUrl, limits, bus }: Parts) =>
  ({
    sendMessage: limited(limits, sendMessageHandler(sender, chats, bus)),
    joinChat: limitedRead(limits, joinChatHandler(store, chats)),
    listMessages: limitedRead(limits, listMessagesHandler(store, chats)),
    readMessages: limited(limits, readMessagesHandler(store, chats, bus)),
    uploadFile: limited(limits, uploadFileHandler(tickets)),
    downloadFile: limited(limits, downloadFileHandler(files, tickets)),
    downloadSignedFile: downloadSignedFileHandler(files, tickets, isGoodFileUrl),
    takeChat: takeChatHandler(chats),
    readLog: readLogHandler(store),
    readHeads: readHeadsHandler(store),
    ping: pingHandler(store),
  }) satisfies RoutesOf<typeof messageContracts>;
