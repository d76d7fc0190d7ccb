import { newMessage } from '@switchboard/shared/contracts';
import type { Database } from '@switchboard/shared/postgres';
import type { PlainChat } from '../domain/plain-sends.ts';
import {
  draftOf,
  sentMessage,
  type CommitOutcome,
  type Draft,
  type Left,
  type Send,
} from '../domain/send.ts';
import { arraysOf, unnest, type ArrayColumn } from './array-columns.ts';
import { draftArrays, insertedColumns } from './message-rows.ts';
import { moveSendersMarks } from './read-marks.ts';

/**
 * Appends plain sends in one statement and so in one round trip, to chats that are open and not locked, under
 * keys that are new. A chat gets all of its sends appended or is left as a whole, for any reason:
 * `decideSends` then decides, and never contradicts what was appended here.
 */
export async function appendPlain<S extends Send>(
  database: Database,
  chats: readonly PlainChat<S>[],
): Promise<CommitOutcome<S>[]> {
  const appends = chats.flatMap(({ sends }) =>
    sends.map((send, index) => ({ send, draft: draftOf(send), nth: index + 1 })),
  );
  const appendedTo = await database.query<AppendedTo>(APPEND, [
    ...arraysOf(CHAT_ARRAYS, chats),
    ...arraysOf(APPEND_ARRAYS, appends),
  ]);
  const heads = new Map(appendedTo.map((head) => [head.id, head]));
  return appends.map(({ send, draft, nth }) => {
    const head = heads.get(send.chatId);
    if (head === undefined) return { send, outcome: LEFT };
    const message = sentMessage(draft, head.seq + nth, head.now);
    return {
      send,
      outcome: { kind: 'appended', thread: { message, replyTo: undefined }, rev: head.rev + nth },
    };
  });
}

const LEFT: Left = { kind: 'left' };

/** A chat's row before the append, and the time of the append. */
interface AppendedTo {
  readonly id: string;
  readonly seq: number;
  readonly rev: number;
  readonly now: Date;
}

interface Append {
  readonly send: Send;
  readonly draft: Draft;
  /** The send's place among the sends of its chat in this batch, from 1. */
  readonly nth: number;
}

const CHAT_ARRAYS: ArrayColumn<PlainChat>[] = [
  { name: 'id', type: 'uuid', value: ({ chatId }) => chatId },
  { name: 'client_id', type: 'bigint', value: ({ clientId }) => clientId },
  { name: 'count', type: 'integer', value: ({ sends }) => sends.length },
];

/** Null in every plain send. */
const NEVER_PLAIN = ['fileId', 'replyToId'] as const;

const APPEND_ARRAYS: ArrayColumn<Append>[] = [
  ...draftArrays(...NEVER_PLAIN).map(({ value, ...column }) => ({
    ...column,
    value: ({ draft }: Append) => value(draft),
  })),
  { name: 'nth', type: 'integer', value: ({ nth }) => nth },
  { name: 'traceparent', type: 'text', value: ({ send }) => send.traceparent },
];

const INSERTED = insertedColumns(...NEVER_PLAIN);

/**
 * LATERAL makes Postgres look each row up by an index under every plan: a connection plans this once, perhaps
 * while the tables are empty. The time is Postgres's, read under the locks, so that it never decreases as
 * `seq` grows. The snapshot is older than the locks: a key that another replica uses meanwhile violates
 * message_key_of_sender.
 */
const APPEND = `/* append-plain */
  WITH locked AS MATERIALIZED (
    SELECT chat.*, wanted.count, date_trunc('milliseconds', clock_timestamp()) AS now
    FROM ${unnest(CHAT_ARRAYS, 'wanted')}
    CROSS JOIN LATERAL (
      SELECT id, seq, rev, version FROM message.chat
      WHERE chat.id = wanted.id AND chat.client_id = coalesce(wanted.client_id, chat.client_id) AND status <> 'CLOSED' FOR UPDATE SKIP LOCKED
    ) AS chat
  ), sent AS MATERIALIZED (
    SELECT * FROM ${unnest(APPEND_ARRAYS, 'sent', CHAT_ARRAYS.length + 1)}
  ), repeated AS (
    SELECT chat_id FROM sent CROSS JOIN LATERAL (
      SELECT FROM message.message AS first
      WHERE first.chat_id = sent.chat_id AND first.sender_id = sent.sender_id AND first.client_message_id = sent.client_message_id LIMIT 1
    ) AS first WHERE client_message_id IS NOT NULL
  ), open AS MATERIALIZED (
    SELECT * FROM locked WHERE id NOT IN (SELECT chat_id FROM repeated)
  ), appended AS MATERIALIZED (
    SELECT sent.*, open.seq + nth AS seq, open.rev + nth AS rev, open.version AS chat_version, open.now AS created_at
    FROM open JOIN sent ON sent.chat_id = open.id
  ), inserted AS (
    INSERT INTO message.message (${INSERTED}) SELECT ${INSERTED} FROM appended
  ), logged AS (
    INSERT INTO message.chat_log (chat_id, rev, event, payload, traceparent)
    SELECT chat_id, rev, '${newMessage.event}', jsonb_build_object('seq', seq), traceparent FROM appended
  ), marked AS (${moveSendersMarks('appended')}
  ), counted AS (
    UPDATE message.chat SET seq = open.seq + open.count, rev = open.rev + open.count FROM open WHERE chat.id = open.id
  )
  SELECT id, seq, rev, now FROM open`;
