import type { Heads, LogEntry, Message } from '@switchboard/shared/contracts';
import type { ChatLog, LogRenderer, LogRow } from '@switchboard/shared/log';
import type { Database } from '@switchboard/shared/postgres';
import { seqOf } from '../domain/log-fact.ts';
import type { MessagesOfPage, StoredMessages } from '../domain/log-sources.ts';
import { THREAD_COLUMNS, threadsOfPage, type ThreadRow } from './message-rows.ts';
import { withinBytes } from './page.ts';

export interface LogPage {
  readonly entries: LogEntry[];
  readonly hasMore: boolean;
}

/** The log as members receive it: rendered whenever it is read, with file URLs that are valid then. */
export class RenderedLog {
  readonly #database: Database;
  readonly #log: ChatLog;
  readonly #renderer: LogRenderer<MessagesOfPage, StoredMessages>;
  readonly #toMessage: (row: ThreadRow) => Message;

  constructor(
    database: Database,
    log: ChatLog,
    renderer: LogRenderer<MessagesOfPage, StoredMessages>,
    toMessage: (row: ThreadRow) => Message,
  ) {
    this.#database = database;
    this.#log = log;
    this.#renderer = renderer;
    this.#toMessage = toMessage;
  }

  /** A page of at most MAX_PAGE_BYTES, and of one entry at least. */
  async read(chatId: string, after: number, limit: number): Promise<LogPage> {
    const rows = await this.#log.read(this.#database, chatId, after, limit);
    const messages = await this.#messagesOf(chatId, rows);
    const rendered = this.#renderer.render(rows, (seq) => messages.get(seq));
    if (rows.length > 0 && rendered.length === 0)
      throw new Error(`the log of chat ${chatId} names a message that is not stored`);
    const entries = withinBytes(rendered);
    return { entries, hasMore: rows.length === limit || entries.length < rows.length };
  }

  heads(chatIds: readonly string[]): Promise<Heads> {
    return this.#log.heads(this.#database, chatIds);
  }

  async #messagesOf(chatId: string, rows: readonly LogRow[]): Promise<ReadonlyMap<number, Message>> {
    const seqs = rows.flatMap(({ payload }) => seqOf(payload) ?? []);
    if (seqs.length === 0) return new Map();
    const messages = await this.#database.query<ThreadRow>(
      `/* messages-of-log */ SELECT ${THREAD_COLUMNS} FROM ${threadsOfPage('$1', 'm.seq = ANY($2::integer[])', 'ASC', 'ALL')}`,
      [chatId, seqs],
    );
    return new Map(messages.map((row) => [row.seq, this.#toMessage(row)]));
  }
}
