import { mayEnterAny } from '@switchboard/shared/contracts';
import { failpoint } from '@switchboard/shared/failpoints';
import type { Database } from '@switchboard/shared/postgres';
import { store, type Outcome, type Send } from '../domain/send.ts';

/** The sends of one batch to one chat, in their order, where nothing is to be decided but whether the chat takes them. */
interface PlainChat {
  readonly chatId: string;
  /** Whose chat it has to be; null: anybody's. */
  readonly clientId: number | null;
  readonly sends: readonly Send[];
}

/**
 * Appends what is plain, in one statement and so in one round trip: words, of one client or of admins, under keys that nobody has used, to
 * chats that are open and held by nobody. A chat is either appended to as a whole or, for whatever reason, left alone: what has
 * no outcome here is to be decided by `decideSends`, which this never contradicts.
 */
export async function appendPlain(database: Database, sends: readonly Send[]): Promise<ReadonlyMap<Send, Outcome>> {
  const chats = plainChats(sends);
  if (chats.length === 0) return new Map();
  const answered = database.query<AppendedTo>(APPEND, parametersOf(chats));
  failpoint('message.inTransaction');
  const heads = new Map((await answered).map((head) => [head.id, head]));
  return new Map(chats.flatMap(({ chatId, sends: appended }) => {
    const head = heads.get(chatId);
    return head === undefined ? [] : appended.map((send, index) => [send, outcomeOf(send, head, index + 1)] as const);
  }));
}

/** A chat as it was before. */
interface AppendedTo {
  readonly id: string;
  readonly seq: number;
  readonly rev: number;
  readonly now: Date;
}

const outcomeOf = (send: Send, { seq, rev, now }: AppendedTo, nth: number): Outcome =>
  ({ kind: 'appended', thread: { message: store(send, seq + nth, now), replyTo: undefined }, rev: rev + nth });

export function plainChats(sends: readonly Send[]): PlainChat[] {
  return [...Map.groupBy(sends, ({ chatId }) => chatId)].flatMap(([chatId, ofChat]) => {
    const clients = new Set(ofChat.flatMap(({ sender }) => (mayEnterAny(sender) ? [] : sender.id)));
    const keys = ofChat.flatMap(({ sender, message }) => (message.clientMessageId === undefined ? [] : `${sender.id} ${message.clientMessageId}`));
    const isPlain = clients.size <= 1 && new Set(keys).size === keys.length && ofChat.every(({ message }) => message.fileId === undefined && message.replyToId === undefined);
    const [clientId = null] = clients;
    return isPlain ? { chatId, clientId, sends: ofChat } : [];
  });
}

function parametersOf(chats: readonly PlainChat[]): unknown[] {
  const sent = chats.flatMap(({ sends }) => sends.map((send, index) => ({ ...send, nth: index + 1 })));
  return [
    chats.map(({ chatId }) => chatId), chats.map(({ clientId }) => clientId), chats.map(({ sends }) => sends.length),
    sent.map(({ chatId }) => chatId), sent.map(({ nth }) => nth), sent.map(({ id }) => id),
    sent.map(({ sender }) => sender.id), sent.map(({ sender }) => sender.email), sent.map(({ sender }) => sender.role),
    sent.map(({ message }) => message.text), sent.map(({ message }) => message.clientMessageId), sent.map(({ traceparent }) => traceparent),
  ];
}

/**
 * What is LATERAL is looked up row by row, by an index, however a plan was made: each connection plans this once, perhaps while the tables
 * were still empty. The time is Postgres's, taken under the locks: it never runs against `seq`. A key that somebody else uses meanwhile violates
 * message_key_of_sender: the snapshot is older than the lock.
 */
const APPEND = `/* append-plain */
  WITH locked AS MATERIALIZED (
    SELECT chat.*, wanted.count, date_trunc('milliseconds', clock_timestamp()) AS now
    FROM unnest($1::uuid[], $2::bigint[], $3::integer[]) AS wanted(id, client_id, count)
    CROSS JOIN LATERAL (
      SELECT id, seq, rev, version FROM message.chat
      WHERE chat.id = wanted.id AND chat.client_id = coalesce(wanted.client_id, chat.client_id) AND status <> 'CLOSED' FOR UPDATE SKIP LOCKED
    ) AS chat
  ), sent AS MATERIALIZED (
    SELECT * FROM unnest($4::uuid[], $5::integer[], $6::uuid[], $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
      AS sent(chat_id, nth, id, sender_id, sender_email, sender_role, text, key, traceparent)
  ), repeated AS (
    SELECT chat_id FROM sent CROSS JOIN LATERAL (
      SELECT FROM message.message AS first
      WHERE first.chat_id = sent.chat_id AND first.sender_id = sent.sender_id AND first.client_message_id = sent.key LIMIT 1
    ) AS first WHERE key IS NOT NULL
  ), open AS MATERIALIZED (
    SELECT * FROM locked WHERE id NOT IN (SELECT chat_id FROM repeated)
  ), appended AS MATERIALIZED (
    SELECT sent.*, open.seq + nth AS seq, open.rev + nth AS rev, open.version, open.now FROM open JOIN sent ON sent.chat_id = open.id
  ), inserted AS (
    INSERT INTO message.message (chat_id, seq, id, sender_id, sender_email, sender_role, text, client_message_id, created_at, rev, chat_version)
    SELECT chat_id, seq, id, sender_id, sender_email, sender_role, text, key, now, rev, version FROM appended
  ), logged AS (
    INSERT INTO message.chat_log (chat_id, rev, event, payload, traceparent) SELECT chat_id, rev, 'newMessage', jsonb_build_object('seq', seq), traceparent FROM appended
  ), counted AS (
    UPDATE message.chat SET seq = open.seq + open.count, rev = open.rev + open.count FROM open WHERE chat.id = open.id
  )
  SELECT id, seq, rev, now FROM open`;
