import { logEntry, type Actor, type Trace } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { ChatLog } from '@switchboard/shared/log';
import type { Database } from '@switchboard/shared/postgres';
import type { DecideChange } from '../domain/change-message.ts';
import type { ChangedMessage, MessageChangeKind } from '../domain/message-store.ts';
import { render, type StoredMessage, type UrlOfFile } from '../domain/message.ts';
import { appendEntries, lockHead } from './chat-head.ts';
import { NO_OWNER } from './file-columns.ts';
import { THREAD_COLUMNS, THREAD_TABLES, toThread, type ThreadRow } from './message-rows.ts';

export interface ChangeRequest {
  readonly actor: Actor;
  readonly chatId: string;
  readonly messageId: string;
  /** The entry of the log that tells of the change. */
  readonly kind: MessageChangeKind;
  readonly decide: DecideChange;
  readonly windowMs: number;
  readonly trace: Trace;
}

/**
 * Decides and stores a change of one message under its chat's lock: the row, its former version, the log
 * entry. Returns undefined and locks nothing if no row here gives the actor access. Throws MESSAGE_NOT_FOUND,
 * and what `decide` throws, and then changes nothing.
 */
export async function changeMessage(
  transaction: Database,
  log: ChatLog,
  urlOf: UrlOfFile,
  { actor, chatId, messageId, kind, decide, windowMs, trace }: ChangeRequest,
): Promise<ChangedMessage | undefined> {
  const chat = await lockHead(transaction, actor, chatId);
  if (chat === undefined) return undefined;
  const [row] = await transaction.query<ThreadRow>(
    `SELECT ${THREAD_COLUMNS} FROM ${THREAD_TABLES} WHERE m.chat_id = $1 AND m.id = $2`,
    [chatId, messageId],
  );
  if (row === undefined) throw new Failure('MESSAGE_NOT_FOUND');
  const { message: before, replyTo } = toThread(row);
  const after = decide({ message: before, status: chat.status, now: chat.now, windowMs }, actor);
  if (after === before) return { message: render({ message: before, replyTo }, urlOf), entry: undefined };

  const rev = chat.rev + 1;
  await storeChange(transaction, before, { ...after, changedRev: rev }, chat.now);
  const message = render({ message: after, replyTo }, urlOf);
  const fact = { rev, event: kind.event, payload: { seq: after.seq } };
  await appendEntries(transaction, log, chatId, [fact], trace);
  return { message, entry: logEntry(kind, rev, message) };
}

async function storeChange(
  transaction: Database,
  before: StoredMessage,
  after: StoredMessage,
  now: Date,
): Promise<void> {
  if (after.textVersion !== before.textVersion)
    await transaction.query(
      'INSERT INTO message.message_version (chat_id, seq, version, text, file_id, until) VALUES ($1, $2, $3, $4, $5, $6)',
      [before.chatId, before.seq, before.version, before.text, before.fileId, now],
    );
  await transaction.query(
    `UPDATE message.message SET text = $3, file_id = $4, version = $5, text_version = $6, changed_rev = $7, edited_at = $8,
       deleted_at = $9, deleted_by = $10, reactions = $11 WHERE chat_id = $1 AND seq = $2`,
    [
      after.chatId,
      after.seq,
      after.text,
      after.fileId,
      after.version,
      after.textVersion,
      after.changedRev,
      after.editedAt,
      after.deletedAt,
      after.deletedBy,
      after.reactions === null ? null : JSON.stringify(after.reactions),
    ],
  );
  if (before.fileId !== null && after.fileId === null) await withdrawUnused(transaction, before.fileId);
}

/** A file that no message has any more is no longer served; the sweep deletes its bytes. */
async function withdrawUnused(transaction: Database, fileId: string): Promise<void> {
  await transaction.query(
    `UPDATE message.file SET owner_id = ${NO_OWNER} WHERE id = $1 AND NOT EXISTS (SELECT FROM message.message WHERE file_id = $1)`,
    [fileId],
  );
}
