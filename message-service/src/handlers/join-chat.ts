import type { Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import type { ChatDirectory, MessageStore } from '../domain/message-store.ts';
import { onKnownChat } from './known-chat.ts';

const SNAPSHOT_MESSAGES = 50;

export const joinChatHandler = (store: MessageStore, chats: ChatDirectory): Handler<typeof messageContracts.joinChat> =>
  async ({ chatId }, { actor }) => {
    const snapshot = await onKnownChat(chats, chatId, () => store.snapshot(actor, chatId, SNAPSHOT_MESSAGES));
    return { chatId, ...snapshot };
  };
