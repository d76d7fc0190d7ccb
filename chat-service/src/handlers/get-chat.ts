import type { Handler } from '@switchboard/shared/bus';
import { mayEnter, type chatContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { ChatStore } from '../domain/chat-store.ts';

export const getChatHandler =
  (store: ChatStore): Handler<typeof chatContracts.getChat> =>
  async ({ chatId }, { actor }) => {
    const chat = await store.find(chatId);
    if (chat === undefined || !mayEnter(actor, chat)) throw new Failure('CHAT_NOT_FOUND');
    return chat;
  };
