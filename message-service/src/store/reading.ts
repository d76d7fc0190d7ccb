import {
  chatRead,
  logEntry,
  messagesRead,
  type Actor,
  type LogEntry,
  type ReadMark,
  type Trace,
} from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { ChatLog } from '@switchboard/shared/log';
import type { Database } from '@switchboard/shared/postgres';
import type { MarkedRead, MovedMark } from '../domain/message-store.ts';
import { appendEntries, lockHead, type LockedHead } from './chat-head.ts';
import { countUnread, moveMark, moveMarkOverRead, readMarkOf } from './read-marks.ts';

/** `messagesRead` tells clients that know no marks of this many messages before the mark. */
const MAX_NAMED = 500;

/**
 * Marks messages as read under the chat's lock, and appends the log entries. The read mark follows once no
 * unread message lies before it. Returns undefined and locks nothing if no row here gives the actor access.
 * Throws MESSAGE_NOT_FOUND, and marks none, if one of the messages is not in the chat.
 */
export async function markRead(
  transaction: Database,
  log: ChatLog,
  actor: Actor,
  chatId: string,
  messageIds: readonly string[],
  trace: Trace,
): Promise<MarkedRead | undefined> {
  const head = await lockHead(transaction, actor, chatId);
  if (head === undefined) return undefined;
  const wanted = [...new Set(messageIds)];
  const newlyRead = await insertMarks(transaction, actor, chatId, wanted);
  if (newlyRead.length === 0) return { messageIds: wanted, entries: [] };
  const read = { chatId, userId: actor.id, messageIds: newlyRead };
  const moved = await moveMarkOverRead(transaction, chatId, actor.id, head.seq);
  const entries = await append(transaction, log, chatId, head, read, moved, trace);
  return { messageIds: wanted, entries };
}

/** The same for everything up to a `seq`. */
export async function readUpTo(
  transaction: Database,
  log: ChatLog,
  actor: Actor,
  chatId: string,
  seq: number,
  trace: Trace,
): Promise<MovedMark | undefined> {
  const head = await lockHead(transaction, actor, chatId);
  if (head === undefined) return undefined;
  const mark = await readMarkOf(transaction, chatId, actor.id);
  const upTo = Math.min(seq, head.seq);
  // A send of theirs may have moved the mark over messages that no `messagesRead` has named yet.
  const named = await markUpTo(transaction, actor, chatId, upTo);
  const moved = upTo === 0 ? undefined : await moveMark(transaction, chatId, actor.id, upTo);
  const read = { chatId, userId: actor.id, messageIds: named };
  const entries = await append(transaction, log, chatId, head, read, moved, trace);
  const now = moved ?? mark;
  return { mark: now, unread: await countUnread(transaction, chatId, actor, now?.seq ?? 0), entries };
}

async function append(
  transaction: Database,
  log: ChatLog,
  chatId: string,
  { rev }: LockedHead,
  read: { readonly chatId: string; readonly userId: number; readonly messageIds: string[] },
  moved: ReadMark | undefined,
  trace: Trace,
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  if (read.messageIds.length > 0) entries.push(logEntry(messagesRead, rev + 1, read));
  if (moved !== undefined) entries.push(logEntry(chatRead, rev + entries.length + 1, moved));
  await appendEntries(transaction, log, chatId, entries, trace);
  return entries;
}

/** Returns the ids of the newly marked messages, oldest first. Throws MESSAGE_NOT_FOUND and marks nothing. */
async function insertMarks(
  transaction: Database,
  actor: Actor,
  chatId: string,
  messageIds: readonly string[],
): Promise<string[]> {
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

/** Marks the last messages of others up to a `seq`. Returns the ids of the new marks, oldest first. */
async function markUpTo(
  transaction: Database,
  actor: Actor,
  chatId: string,
  upTo: number,
): Promise<string[]> {
  const rows = await transaction.query<{ id: string }>(
    `WITH marked AS (
       INSERT INTO message.message_read (chat_id, user_id, seq)
       SELECT chat_id, $2, seq FROM message.message
       WHERE chat_id = $1 AND seq <= $3 AND seq > $3 - ${MAX_NAMED} AND sender_id <> $2 AND deleted_at IS NULL
       ON CONFLICT DO NOTHING RETURNING seq
     ) SELECT m.id FROM marked JOIN message.message m ON m.chat_id = $1 AND m.seq = marked.seq ORDER BY m.seq`,
    [chatId, actor.id, upTo],
  );
  return rows.map(({ id }) => id);
}
