import type { Handler } from '@switchboard/shared/bus';
import type { chatContracts } from '@switchboard/shared/contracts';
import type { ChatStore } from '../domain/chat-store.ts';

export const readLogHandler = (store: ChatStore): Handler<typeof chatContracts.readLog> =>
  async ({ chatId, after, limit }) => {
    const entries = await store.readLog(chatId, after, limit);
    return { entries, hasMore: entries.length === limit };
  };

export const readHeadsHandler = (store: ChatStore): Handler<typeof chatContracts.readHeads> =>
  async ({ chatIds }) => ({ heads: await store.heads(chatIds) });
