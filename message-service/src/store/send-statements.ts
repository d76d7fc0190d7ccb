import { mayEnterAny, newMessage, type Actor } from '@switchboard/shared/contracts';
import type { Database } from '@switchboard/shared/postgres';
import type { StoredMessage } from '../domain/message.ts';
import {
  draftOf,
  type Decision,
  type Facts,
  type FoundMessage,
  type LockedChat,
  type OwnedFile,
  type Send,
} from '../domain/send.ts';
import { arraysOf, namesOf, unnest, type ArrayColumn } from './array-columns.ts';
import { draftArrays, fileInfo, foundColumns, insertedColumns, messageArrays } from './message-rows.ts';
import { moveSendersMarks } from './read-marks.ts';

/** Whether to skip a chat whose row another transaction has locked, or to wait for it. */
export type OnContention = 'skip' | 'wait';

/**
 * Locks the chats of a batch, in id order against deadlocks, and reads what its decisions rest on. A chat
 * that none of its senders may enter is not locked. The time is Postgres's, read under the locks, so that it
 * never decreases as `seq` grows.
 */
export async function readFacts(
  transaction: Database,
  sends: readonly Send[],
  onContention: OnContention,
): Promise<Facts> {
  const wanted = [
    ...new Map(
      sends.map(({ chatId, sender }) => [
        `${chatId} ${enteredAs(sender) ?? ''}`,
        { chatId, clientId: enteredAs(sender) },
      ]),
    ).values(),
  ];
  const rows = await transaction.query<(LockedChat & { now: Date }) | { id: string; clientId: null }>(
    `WITH open AS MATERIALIZED (
       SELECT DISTINCT chat.id FROM ${unnest(ENTRANTS, 'wanted')}
       JOIN message.chat ON chat.id = wanted.id AND chat.client_id = coalesce(wanted.client_id, chat.client_id)
     ), locked AS MATERIALIZED (
       SELECT * FROM message.chat WHERE id IN (SELECT id FROM open) ORDER BY id FOR UPDATE ${onContention === 'skip' ? 'SKIP LOCKED' : ''}
     )
     SELECT id, locked.client_id AS "clientId", locked.status, locked.seq, locked.rev, date_trunc('milliseconds', clock_timestamp()) AS now
     FROM open LEFT JOIN locked USING (id)`,
    arraysOf(ENTRANTS, wanted),
  );
  const chats = rows.flatMap((row) => (row.clientId === null ? [] : row));
  const contended = rows.flatMap((row) => (row.clientId === null ? row.id : []));
  const messages = await readMessages(transaction, sends);
  const files = await readFiles(transaction, sends);
  const now = new Date(Math.max(...chats.map((chat) => chat.now.getTime()), 0));
  return { now, chats, contended, messages, files };
}

/** A chat that a sender wants to enter. */
interface Entrant {
  readonly chatId: string;
  /** The client whose chat it has to be; null: any client's. */
  readonly clientId: number | null;
}

const ENTRANTS: ArrayColumn<Entrant>[] = [
  { name: 'id', type: 'uuid', value: ({ chatId }) => chatId },
  { name: 'client_id', type: 'bigint', value: ({ clientId }) => clientId },
];
const KEYS = messageArrays('chatId', 'senderId', 'clientMessageId');
const REPLIES = messageArrays('chatId', 'id');

/** The client whose chats the sender may enter; null: any client's. */
const enteredAs = (sender: Actor): number | null => (mayEnterAny(sender) ? null : sender.id);

async function readMessages(transaction: Database, sends: readonly Send[]): Promise<FoundMessage[]> {
  const keyed = sends.filter(({ message }) => message.clientMessageId !== undefined).map(draftOf);
  const replies = sends.flatMap(({ chatId, message }) =>
    message.replyToId === undefined ? [] : { chatId, id: message.replyToId },
  );
  if (keyed.length === 0 && replies.length === 0) return [];
  return transaction.query(
    `SELECT ${foundColumns('m')} FROM ${unnest(KEYS, 'key')} JOIN message.message m USING (${namesOf(KEYS)})
     UNION
     SELECT ${foundColumns('m')} FROM ${unnest(REPLIES, 'reply', KEYS.length + 1)}
       JOIN message.message m USING (${namesOf(REPLIES)})`,
    [...arraysOf(KEYS, keyed), ...arraysOf(REPLIES, replies)],
  );
}

async function readFiles(transaction: Database, sends: readonly Send[]): Promise<OwnedFile[]> {
  const fileIds = sends.flatMap((send) => send.message.fileId ?? []);
  if (fileIds.length === 0) return [];
  return transaction.query(
    `SELECT f.owner_id AS "ownerId", ${fileInfo('f')} AS info FROM message.file f WHERE id = ANY($1::uuid[])`,
    [fileIds],
  );
}

/** Inserts messages and their log entries, and updates the chats' counters, in one statement. */
export async function insertAppended(transaction: Database, decisions: readonly Decision[]): Promise<void> {
  const rows = decisions.flatMap(({ send, outcome }) =>
    outcome.kind === 'appended'
      ? { ...outcome.thread.message, rev: outcome.rev, traceparent: send.traceparent }
      : [],
  );
  if (rows.length === 0) return;
  await transaction.query(INSERT, arraysOf(INSERT_ARRAYS, rows));
}

interface AppendedRow extends StoredMessage {
  readonly rev: number;
  readonly traceparent: string | undefined;
}

const INSERT_ARRAYS: ArrayColumn<AppendedRow>[] = [
  ...draftArrays(),
  ...messageArrays('seq', 'createdAt'),
  { name: 'rev', type: 'integer', value: ({ rev }) => rev },
  { name: 'traceparent', type: 'text', value: ({ traceparent }) => traceparent },
];

const INSERT = `
  WITH appended AS (
    SELECT sent.*, chat.version AS chat_version
    FROM ${unnest(INSERT_ARRAYS, 'sent')} JOIN message.chat ON chat.id = sent.chat_id
  ), inserted AS (
    INSERT INTO message.message (${insertedColumns()}) SELECT ${insertedColumns()} FROM appended
  ), logged AS (
    INSERT INTO message.chat_log (chat_id, rev, event, payload, traceparent)
    SELECT chat_id, rev, '${newMessage.event}', jsonb_build_object('seq', seq), traceparent FROM appended
  ), marked AS (${moveSendersMarks('appended')}
  )
  UPDATE message.chat SET seq = head.seq, rev = head.rev
  FROM (SELECT chat_id, max(seq) AS seq, max(rev) AS rev FROM appended GROUP BY chat_id) AS head
  WHERE id = head.chat_id`;
