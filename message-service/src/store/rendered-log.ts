import { logEntry, messagesRead, newMessage, type Heads, type LogEntry, type Message } from '@switchboard/shared/contracts';
import type { ChatLog, LogRow } from '@switchboard/shared/log';
import type { Database } from '@switchboard/shared/postgres';
import { z } from 'zod';
import { fitting, THREAD_COLUMNS, THREAD_TABLES, type ThreadRow } from './message-rows.ts';
import { withinBytes } from './page.ts';

/** In the log a message is its `seq`; it is rendered whenever the log is read, with file URLs that are good then. */
export const SeqPayload = z.object({ seq: z.int() });

export interface LogPage {
  readonly entries: LogEntry[];
  readonly hasMore: boolean;
}

/** The log as its readers get it. */
export class RenderedLog {
  readonly #database: Database;
  readonly #log: ChatLog;
  readonly #toMessage: (row: ThreadRow) => Message;

  constructor(database: Database, log: ChatLog, toMessage: (row: ThreadRow) => Message) {
    this.#database = database;
    this.#log = log;
    this.#toMessage = toMessage;
  }

  async read(chatId: string, after: number, limit: number): Promise<LogPage> {
    const rows = await this.#log.read(this.#database, chatId, after, limit);
    const entries = withinBytes(toEntries(rows, await this.#messagesOf(chatId, rows)));
    return { entries, hasMore: rows.length === limit || entries.length < rows.length };
  }

  heads(chatIds: readonly string[]): Promise<Heads> {
    return this.#log.heads(this.#database, chatIds);
  }

  async #messagesOf(chatId: string, rows: readonly LogRow[]): Promise<ReadonlyMap<number, Message>> {
    const seqs = rows.flatMap((row) => (row.event === newMessage.event ? SeqPayload.parse(row.payload).seq : []));
    if (seqs.length === 0) return new Map();
    const messages = await this.#database.query<ThreadRow>(
      `/* messages-of-log */ SELECT ${THREAD_COLUMNS} FROM ${THREAD_TABLES} WHERE m.chat_id = $1 AND m.seq IN (${fitting('m.chat_id = $1 AND m.seq = ANY($2::integer[])', 'ASC', 'ALL')})`,
      [chatId, seqs],
    );
    return new Map(messages.map((row) => [row.seq, this.#toMessage(row)]));
  }
}

/** Up to the first message that was too much for the page. */
function toEntries(rows: readonly LogRow[], messages: ReadonlyMap<number, Message>): LogEntry[] {
  const entries: LogEntry[] = [];
  for (const row of rows) {
    const entry = toEntry(row, messages);
    if (entry === undefined) break;
    entries.push(entry);
  }
  // One fits always.
  if (rows[0] !== undefined && entries.length === 0) throw new Error(`the log of chat ${rows[0].chatId} names a message that is not stored`);
  return entries;
}

function toEntry({ event, rev, payload }: LogRow, messages: ReadonlyMap<number, Message>): LogEntry | undefined {
  if (event !== newMessage.event) return logEntry(messagesRead, rev, messagesRead.payload.parse(payload));
  const message = messages.get(SeqPayload.parse(payload).seq);
  return message && logEntry(newMessage, rev, message);
}
