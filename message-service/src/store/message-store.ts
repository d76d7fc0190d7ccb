import { logEntry, mayEnter, messagesRead, newMessage, type Actor, type ChatStatus, type LogEntry, type Message } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { ChatLog, type LogRow } from '@switchboard/shared/log';
import { answers, guarded, type Database } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { render, type UrlOfFile } from '../domain/message.ts';
import type { MessageStore } from '../domain/message-store.ts';
import { decodeSeq, encodeSeq } from './cursors.ts';
import { SCHEMA } from './entities.ts';
import { withinBytes } from './page.ts';
import { THREAD_COLUMNS, THREAD_TABLES, toThread, type ThreadRow } from './message-rows.ts';

interface ChatHead {
  readonly clientId: number;
  readonly status: ChatStatus;
  readonly version: number;
  readonly rev: number;
}

/** Messages, read marks and their log in Postgres; sending is the MessageWriter's. */
export function createMessageStore(database: DataSource, urlOf: UrlOfFile): MessageStore & { readonly log: ChatLog } {
  const log = new ChatLog(SCHEMA);
  const toMessage = (row: ThreadRow): Message => render(toThread(row), urlOf);

  /** The chat's head and a page of its messages, newest first, as of one instant: one statement sees one snapshot. */
  async function readPage(actor: Actor, chatId: string, before: number, limit: number): Promise<{ head: ChatHead; messages: Message[] } | undefined> {
    const rows = await database.query<((ChatHead & ThreadRow) | (ChatHead & { readonly id: null }))[]>(
      `SELECT c.client_id AS "clientId", c.status, c.version, c.rev, page.* FROM message.chat c
       LEFT JOIN LATERAL (
         SELECT ${THREAD_COLUMNS} FROM ${THREAD_TABLES} WHERE m.chat_id = c.id AND m.seq < $2 ORDER BY m.seq DESC LIMIT $3
       ) AS page ON true WHERE c.id = $1 ORDER BY page.seq DESC`,
      [chatId, before, limit],
    );
    const [head] = rows;
    if (head === undefined) return undefined;
    if (!mayEnter(actor, head)) throw new Failure('CHAT_NOT_FOUND');
    return { head, messages: rows.flatMap((row) => (row.id === null ? [] : toMessage(row))) };
  }

  return {
    log,

    snapshot: (actor, chatId, limit) => guarded(async () => {
      const page = await readPage(actor, chatId, BEYOND_ANY_SEQ, limit);
      return page && { status: page.head.status, messages: page.messages.toReversed(), revs: { chat: page.head.version, message: page.head.rev } };
    }),

    list: (actor, chatId, { limit, cursor }) => guarded(async () => {
      const page = await readPage(actor, chatId, cursor === undefined ? BEYOND_ANY_SEQ : decodeSeq(cursor), limit);
      if (page === undefined) return undefined;
      const messages = withinBytes(page.messages);
      const oldest = messages.at(-1)?.seq ?? 1;
      return { messages: messages.toReversed(), nextCursor: oldest > 1 ? encodeSeq(oldest) : undefined };
    }),

    markRead: (actor, chatId, messageIds) => guarded(() => database.transaction(async (transaction) => {
      const [chat] = await transaction.query<(ChatHead)[]>('SELECT client_id AS "clientId", rev FROM message.chat WHERE id = $1 FOR UPDATE', [chatId]);
      if (chat === undefined) return undefined;
      if (!mayEnter(actor, chat)) throw new Failure('CHAT_NOT_FOUND');
      const wanted = [...new Set(messageIds)];
      const newlyRead = await insertMarks(transaction, actor, chatId, wanted);
      if (newlyRead.length === 0) return { messageIds: wanted, entry: undefined };
      const entry = logEntry(messagesRead, chat.rev + 1, { chatId, userId: actor.id, messageIds: newlyRead });
      await log.append(transaction, [{ chatId, ...entry }]);
      await transaction.query('UPDATE message.chat SET rev = $2 WHERE id = $1', [chatId, entry.rev]);
      return { messageIds: wanted, entry };
    })),

    readLog: (chatId, after, limit) => guarded(async () => {
      const rows = await log.read(database, chatId, after, limit);
      const seqs = rows.flatMap((row) => (row.event === newMessage.event ? SeqPayload.parse(row.payload).seq : []));
      const messages = seqs.length === 0 ? [] : await database.query<ThreadRow[]>(
        `SELECT ${THREAD_COLUMNS} FROM ${THREAD_TABLES} WHERE m.chat_id = $1 AND m.seq = ANY($2::integer[])`,
        [chatId, seqs],
      );
      const entries = withinBytes(toEntries(rows, new Map(messages.map((row) => [row.seq, toMessage(row)]))));
      return { entries, hasMore: rows.length === limit || entries.length < rows.length };
    }),

    heads: (chatIds) => guarded(() => log.heads(database, chatIds)),
    isReady: () => answers(database),
  };
}

const BEYOND_ANY_SEQ = 2 ** 31 - 1;

/** In the log a message is its `seq`; it is rendered whenever the log is read, with file URLs that are good then. */
const SeqPayload = z.object({ seq: z.int() });

function toEntries(rows: readonly LogRow[], messages: ReadonlyMap<number, Message>): LogEntry[] {
  return rows.map((row) => {
    if (row.event !== newMessage.event) return logEntry(messagesRead, row.rev, messagesRead.payload.parse(row.payload));
    const message = messages.get(SeqPayload.parse(row.payload).seq);
    if (message === undefined) throw new Error(`the log of chat ${row.chatId} names a message that is not stored`);
    return logEntry(newMessage, row.rev, message);
  });
}

/** Marks what was not marked yet and returns those ids, oldest message first. Throws MESSAGE_NOT_FOUND, with nothing marked. */
async function insertMarks(transaction: Database, actor: Actor, chatId: string, messageIds: readonly string[]): Promise<string[]> {
  const found = await transaction.query<{ id: string; seq: number }>(
    'SELECT id, seq FROM message.message WHERE chat_id = $1 AND id = ANY($2::uuid[]) ORDER BY seq',
    [chatId, messageIds],
  );
  if (found.length < messageIds.length) throw new Failure('MESSAGE_NOT_FOUND');
  const marked = await transaction.query<{ seq: number }>(
    'INSERT INTO message.message_read (chat_id, user_id, seq) SELECT $1, $2, unnest($3::integer[]) ON CONFLICT DO NOTHING RETURNING seq',
    [chatId, actor.id, found.map(({ seq }) => seq)],
  );
  const newly = new Set(marked.map(({ seq }) => seq));
  return found.filter(({ seq }) => newly.has(seq)).map(({ id }) => id);
}
