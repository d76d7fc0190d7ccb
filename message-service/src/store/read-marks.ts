import { logEntry, mayEnterAny, messagesRead, type Actor, type Trace } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { ChatLog } from '@switchboard/shared/log';
import type { Database } from '@switchboard/shared/postgres';
import type { ReadMarks } from '../domain/message-store.ts';

/**
 * Marks messages as read under the chat's lock, and appends the log entry. Returns undefined and locks
 * nothing if no row here gives the actor access.
 */
export async function markRead(
  transaction: Database,
  log: ChatLog,
  actor: Actor,
  chatId: string,
  messageIds: readonly string[],
  trace: Trace,
): Promise<ReadMarks | undefined> {
  const [chat] = await transaction.query<{ rev: number }>(
    'SELECT rev FROM message.chat WHERE id = $1 AND ($2 OR client_id = $3) FOR UPDATE',
    [chatId, mayEnterAny(actor), actor.id],
  );
  if (chat === undefined) return undefined;
  const wanted = [...new Set(messageIds)];
  const newlyRead = await insertMarks(transaction, actor, chatId, wanted);
  if (newlyRead.length === 0) return { messageIds: wanted, entry: undefined };
  const entry = logEntry(messagesRead, chat.rev + 1, { chatId, userId: actor.id, messageIds: newlyRead });
  await log.append(transaction, [{ chatId, ...entry }], trace);
  await transaction.query('UPDATE message.chat SET rev = $2 WHERE id = $1', [chatId, entry.rev]);
  return { messageIds: wanted, entry };
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
