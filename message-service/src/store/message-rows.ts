import type { ChatStatus } from '@switchboard/shared/contracts';
import type { StoredMessage, Thread } from '../domain/message.ts';
import { MAX_PAGE_BYTES } from './page.ts';

/** Every column of a message, from the table alias given, each under `prefix` + its name. */
export const messageColumns = (alias: string, prefix = ''): string =>
  Object.entries(COLUMNS).map(([name, column]) => `${alias}.${column} AS "${prefix}${name}"`).join(', ');

const COLUMNS = {
  id: 'id',
  chatId: 'chat_id',
  seq: 'seq',
  senderId: 'sender_id',
  senderEmail: 'sender_email',
  senderRole: 'sender_role',
  text: 'text',
  fileId: 'file_id',
  replyToId: 'reply_to_id',
  clientMessageId: 'client_message_id',
  createdAt: 'created_at',
} as const satisfies Record<keyof StoredMessage, string>;

/** A message with, beside it, the columns of the one it replies to. */
export type ThreadRow = StoredMessage & { readonly [Name in keyof StoredMessage as `reply_${Name}`]: StoredMessage[Name] | null };

export const THREAD_COLUMNS = `${messageColumns('m')}, ${messageColumns('r', 'reply_')}`;
export const THREAD_TABLES = 'message.message m LEFT JOIN message.message r ON r.chat_id = m.chat_id AND r.id = m.reply_to_id';

/**
 * The texts of one message and the one it replies to, in bytes. Postgres knows it without reading them, so that what is too much
 * for a page is not read at all.
 */
const BYTES = `octet_length(coalesce(m.text, '')) + octet_length(coalesce(r.text, ''))`;

/** Those of the messages in `where` that fit a page: their `seq`, first come first. */
export const fitting = (where: string, order: 'ASC' | 'DESC', limit: string): string =>
  `SELECT seq FROM (
     SELECT seq, sum(bytes) OVER (ORDER BY seq ${order}) - bytes AS before
     FROM (SELECT m.seq, ${BYTES} AS bytes FROM ${THREAD_TABLES} WHERE ${where} ORDER BY m.seq ${order} LIMIT ${limit}) AS page
   ) AS page WHERE before < ${MAX_PAGE_BYTES}`;

export function toThread(row: ThreadRow): Thread {
  const { reply_id, reply_chatId, reply_seq, reply_senderId, reply_senderEmail, reply_senderRole, reply_createdAt } = row;
  const isReply = reply_id !== null && reply_chatId !== null && reply_seq !== null && reply_senderId !== null
    && reply_senderEmail !== null && reply_senderRole !== null && reply_createdAt !== null;
  return {
    message: row,
    replyTo: isReply ? {
      id: reply_id, chatId: reply_chatId, seq: reply_seq, senderId: reply_senderId, senderEmail: reply_senderEmail,
      senderRole: reply_senderRole, createdAt: reply_createdAt, text: row.reply_text, fileId: row.reply_fileId,
      replyToId: row.reply_replyToId, clientMessageId: row.reply_clientMessageId,
    } : undefined,
  };
}

/** A chat's row, as readers need it. */
export interface ChatHead {
  readonly status: ChatStatus;
  readonly version: number;
  readonly rev: number;
}
