import type { Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import type { MessageStore } from '../domain/message-store.ts';

export const readLogHandler = (store: MessageStore): Handler<typeof messageContracts.readLog> =>
  ({ chatId, after, limit }) => store.readLog(chatId, after, limit);

export const readHeadsHandler = (store: MessageStore): Handler<typeof messageContracts.readHeads> =>
  async ({ chatIds }) => ({ heads: await store.heads(chatIds) });
