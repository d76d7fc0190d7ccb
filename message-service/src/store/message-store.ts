import { mayEnterAny, type Actor, type Message } from '@switchboard/shared/contracts';
import { ChatLog, type LogRenderer } from '@switchboard/shared/log';
import { isReachable, databaseWork, prepared } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import type { MessagesOfPage, StoredMessages } from '../domain/log-sources.ts';
import { render, type UrlOfFile } from '../domain/message.ts';
import type { MessageStore } from '../domain/message-store.ts';
import { catchUp } from './catch-up.ts';
import { historyCursor } from './cursors.ts';
import { SCHEMA } from './entities.ts';
import { THREAD_COLUMNS, threadsOfPage, toThread, type ChatHead, type ThreadRow } from './message-rows.ts';
import { withinBytes } from './page.ts';
import { changeMessage } from './changes.ts';
import { marksOf, toReadMarks } from './read-marks.ts';
import { markRead, readUpTo } from './reading.ts';
import { RenderedLog } from './rendered-log.ts';
import { placements, timelineMessages } from './timeline.ts';

/** Messages, read marks and their log in Postgres. Sending is in `send/`. */
export function createMessageStore(
  database: DataSource,
  urlOf: UrlOfFile,
  renderer: LogRenderer<MessagesOfPage, StoredMessages>,
  editWindowMs: number,
): MessageStore & { readonly log: ChatLog } {
  const log = new ChatLog(SCHEMA);
  const statements = prepared(database);
  const toMessage = (row: ThreadRow): Message => render(toThread(row), urlOf);
  const rendered = new RenderedLog(statements, log, renderer, toMessage);

  /**
   * The chat's head and a page of its messages, newest first. One statement, so both come from one snapshot;
   * it reads nothing for a stranger.
   */
  async function readPage(
    actor: Actor,
    chatId: string,
    before: number,
    limit: number,
  ): Promise<{ head: ChatHead; messages: Message[] } | undefined> {
    const rows = await statements.query<(ChatHead & ThreadRow) | (ChatHead & { readonly id: null })>(
      pageOf(limit),
      [chatId, before, mayEnterAny(actor), actor.id],
    );
    const [head] = rows;
    if (head === undefined) return undefined;
    return { head, messages: withinBytes(rows.flatMap((row) => (row.id === null ? [] : toMessage(row)))) };
  }

  return {
    log,

    snapshot: (actor, chatId, limit) =>
      databaseWork(async () => {
        const page = await readPage(actor, chatId, ABOVE_EVERY_SEQ, limit);
        return (
          page && {
            status: page.head.status,
            messages: page.messages.toReversed(),
            readMarks: toReadMarks(chatId, page.head.marks ?? []),
            revs: { chat: page.head.chatVersion, message: page.head.rev },
          }
        );
      }),

    list: (actor, chatId, { limit, cursor }) =>
      databaseWork(async () => {
        const page = await readPage(
          actor,
          chatId,
          cursor === undefined ? ABOVE_EVERY_SEQ : historyCursor.decode(cursor),
          limit,
        );
        if (page === undefined) return undefined;
        const oldest = page.messages.at(-1)?.seq ?? 1;
        return {
          messages: page.messages.toReversed(),
          nextCursor: oldest > 1 ? historyCursor.encode(oldest) : undefined,
        };
      }),

    timelineMessages: (actor, chatId, before = ABOVE_EVERY_SEQ, limit) =>
      databaseWork(() => timelineMessages(statements, toMessage, actor, chatId, before, limit)),
    placements: (chatId, since, upTo) => databaseWork(() => placements(statements, chatId, since, upTo)),
    catchUp: (actor, chatId, from, limit) =>
      databaseWork(() => catchUp(statements, rendered, actor, chatId, from, limit)),
    markRead: (actor, chatId, messageIds, trace) =>
      databaseWork(() =>
        database.transaction((transaction) => markRead(transaction, log, actor, chatId, messageIds, trace)),
      ),
    readUpTo: (actor, chatId, seq, trace) =>
      databaseWork(() =>
        database.transaction((transaction) => readUpTo(transaction, log, actor, chatId, seq, trace)),
      ),
    change: (actor, message, kind, decide, trace) =>
      databaseWork(() =>
        database.transaction((transaction) =>
          changeMessage(transaction, log, urlOf, {
            actor,
            ...message,
            kind,
            decide,
            windowMs: editWindowMs,
            trace,
          }),
        ),
      ),
    readLog: (chatId, after, limit) => databaseWork(() => rendered.read(chatId, after, limit)),
    heads: (chatIds) => databaseWork(() => rendered.heads(chatIds)),
    isReady: () => isReachable(database),
  };
}

const ABOVE_EVERY_SEQ = 2 ** 31 - 1;

/**
 * One statement per limit, of which there are few: a generic plan without the limit might read a whole chat.
 */
const pageOf = (limit: number): string =>
  `/* page-of-${limit} */ SELECT c.status, c.version AS "chatVersion", c.rev, CASE WHEN page.seq IS NULL OR page.seq = c.seq THEN ${marksOf('c.id')} END AS marks, page.*
   FROM message.chat c LEFT JOIN LATERAL (
     SELECT ${THREAD_COLUMNS} FROM ${threadsOfPage('c.id', 'm.seq < $2', 'DESC', String(limit))}
   ) AS page ON true WHERE c.id = $1 AND ($3 OR c.client_id = $4) ORDER BY page.seq DESC`;
