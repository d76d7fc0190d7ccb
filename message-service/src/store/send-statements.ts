import { mayEnterAny, type Actor } from '@switchboard/shared/contracts';
import type { Database } from '@switchboard/shared/postgres';
import type { StoredMessage } from '../domain/message.ts';
import type { Facts, LockedChat, Outcome, Send } from '../domain/send.ts';
import { messageColumns } from './message-rows.ts';

/** What to do about a chat whose row somebody else holds. */
export type OnContention = 'skip' | 'wait';

/**
 * Locks the chats of a batch, in id order so that two writers never wait for each other in a circle, and reads what its
 * decisions rest on. A chat that none of its senders may enter is locked by nobody. The time is Postgres's, taken under the
 * locks: it never runs against `seq`.
 */
export async function readFacts(transaction: Database, sends: readonly Send[], onContention: OnContention): Promise<Facts> {
  const wanted = [...new Map(sends.map(({ chatId, sender }) => [`${chatId} ${enteredAs(sender) ?? ''}`, { chatId, clientId: enteredAs(sender) }])).values()];
  const rows = await transaction.query<(LockedChat & { now: Date }) | { id: string; clientId: null }>(
    `WITH open AS MATERIALIZED (
       SELECT DISTINCT chat.id FROM unnest($1::uuid[], $2::bigint[]) AS wanted(id, client_id)
       JOIN message.chat ON chat.id = wanted.id AND chat.client_id = coalesce(wanted.client_id, chat.client_id)
     ), locked AS MATERIALIZED (
       SELECT * FROM message.chat WHERE id IN (SELECT id FROM open) ORDER BY id FOR UPDATE ${onContention === 'skip' ? 'SKIP LOCKED' : ''}
     )
     SELECT id, locked.client_id AS "clientId", locked.status, locked.seq, locked.rev, date_trunc('milliseconds', clock_timestamp()) AS now
     FROM open LEFT JOIN locked USING (id)`,
    [wanted.map(({ chatId }) => chatId), wanted.map(({ clientId }) => clientId)],
  );
  const chats = rows.flatMap((row) => (row.clientId === null ? [] : row));
  const contended = rows.flatMap((row) => (row.clientId === null ? row.id : []));
  const messages = await readMessages(transaction, sends);
  const files = await readFiles(transaction, sends);
  const now = new Date(Math.max(...chats.map((chat) => chat.now.getTime()), 0));
  return { now, chats, contended, messages, files };
}

/** Whose chats a sender may enter; null: anybody's. */
const enteredAs = (sender: Actor): number | null => (mayEnterAny(sender) ? null : sender.id);

async function readMessages(transaction: Database, sends: readonly Send[]): Promise<StoredMessage[]> {
  const keyed = sends.filter((send) => send.message.clientMessageId !== undefined);
  const replies = sends.filter((send) => send.message.replyToId !== undefined);
  if (keyed.length === 0 && replies.length === 0) return [];
  return transaction.query(
    `SELECT ${messageColumns('m')} FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS key(chat_id, sender_id, client_message_id)
       JOIN message.message m USING (chat_id, sender_id, client_message_id)
     UNION
     SELECT ${messageColumns('m')} FROM unnest($4::uuid[], $5::uuid[]) AS reply(chat_id, id) JOIN message.message m USING (chat_id, id)`,
    [
      keyed.map((send) => send.chatId), keyed.map((send) => send.sender.id), keyed.map((send) => send.message.clientMessageId),
      replies.map((send) => send.chatId), replies.map((send) => send.message.replyToId),
    ],
  );
}

async function readFiles(transaction: Database, sends: readonly Send[]): Promise<{ id: string; ownerId: number }[]> {
  const fileIds = sends.flatMap((send) => send.message.fileId ?? []);
  if (fileIds.length === 0) return [];
  return transaction.query('SELECT id, owner_id AS "ownerId" FROM message.file WHERE id = ANY($1::uuid[])', [fileIds]);
}

/** Messages, their log entries and the chats' counters, in one statement. */
export async function insertAppended(transaction: Database, sends: readonly Send[], outcomes: readonly Outcome[]): Promise<void> {
  const rows = outcomes.flatMap((outcome, index) => (outcome.kind === 'appended' ? { ...outcome.thread.message, rev: outcome.rev, traceparent: sends[index]?.traceparent } : []));
  if (rows.length === 0) return;
  const column = <Name extends keyof (typeof rows)[number]>(name: Name) => rows.map((row) => row[name]);
  await transaction.query(
    `WITH appended AS (
       SELECT * FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::uuid[], $10::text[], $11::timestamptz[], $12::integer[], $13::text[])
         AS m(chat_id, seq, id, sender_id, sender_email, sender_role, text, file_id, reply_to_id, client_message_id, created_at, rev, traceparent)
     ), inserted AS (
       INSERT INTO message.message (chat_id, seq, id, sender_id, sender_email, sender_role, text, file_id, reply_to_id, client_message_id, created_at, rev, chat_version)
       SELECT m.chat_id, m.seq, m.id, sender_id, sender_email, sender_role, text, file_id, reply_to_id, client_message_id, created_at, m.rev, c.version
       FROM appended m JOIN message.chat c ON c.id = m.chat_id
     ), logged AS (
       INSERT INTO message.chat_log (chat_id, rev, event, payload, traceparent)
       SELECT chat_id, rev, 'newMessage', jsonb_build_object('seq', seq), traceparent FROM appended
     )
     UPDATE message.chat SET seq = head.seq, rev = head.rev
     FROM (SELECT chat_id, max(seq) AS seq, max(rev) AS rev FROM appended GROUP BY chat_id) AS head WHERE id = head.chat_id`,
    [
      column('chatId'), column('seq'), column('id'), column('senderId'), column('senderEmail'), column('senderRole'),
      column('text'), column('fileId'), column('replyToId'), column('clientMessageId'), column('createdAt'), column('rev'), column('traceparent'),
    ],
  );
}
