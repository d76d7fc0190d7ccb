import type { Handler } from '../bus/handler.ts';
import type { Heads, logContracts, LogEntry } from '../contracts/log.ts';

type LogContracts = ReturnType<typeof logContracts>;

/** One owner's log, rendered. */
export interface ReadableLog {
  readLog(chatId: string, after: number, limit: number): Promise<{ entries: LogEntry[]; hasMore: boolean }>;
  heads(chatIds: readonly string[]): Promise<Heads>;
}

export const readLogHandler =
  (log: Pick<ReadableLog, 'readLog'>): Handler<LogContracts['readLog']> =>
  ({ chatId, after, limit }) =>
    log.readLog(chatId, after, limit);

export const readHeadsHandler =
  (log: Pick<ReadableLog, 'heads'>): Handler<LogContracts['readHeads']> =>
  async ({ chatIds }) => ({ heads: await log.heads(chatIds) });
