import type { ChatStatus } from '@switchboard/shared/contracts';
import type { EntitySchemaColumnOptions } from 'typeorm';
import type { StoredMessage, Thread, UNCHANGED } from '../domain/message.ts';
import type { Draft } from '../domain/send.ts';
import { digestOf } from '../domain/sent-digest.ts';
import type { ArrayColumn } from './array-columns.ts';
import { FILE_COLUMNS } from './file-columns.ts';
import { MAX_PAGE_BYTES } from './page.ts';
import type { SelectedMarks } from './read-marks.ts';

type Column = EntitySchemaColumnOptions & { readonly name: string; readonly type: string };

/** The columns that a send writes and a reader reads. */
const SENT = {
  chatId: { name: 'chat_id', type: 'uuid', primary: true, primaryKeyConstraintName: 'message_pkey' },
  seq: { name: 'seq', type: 'integer', primary: true, primaryKeyConstraintName: 'message_pkey' },
  id: { name: 'id', type: 'uuid' },
  senderId: { name: 'sender_id', type: 'bigint' },
  senderEmail: { name: 'sender_email', type: 'text' },
  senderRole: { name: 'sender_role', type: 'text' },
  senderName: { name: 'sender_name', type: 'text', nullable: true },
  text: { name: 'text', type: 'text', nullable: true },
  fileId: { name: 'file_id', type: 'uuid', nullable: true },
  replyToId: { name: 'reply_to_id', type: 'uuid', nullable: true },
  clientMessageId: { name: 'client_message_id', type: 'text', nullable: true },
  createdAt: { name: 'created_at', type: 'timestamptz', precision: 3 },
} as const satisfies Record<keyof Draft | 'seq' | 'createdAt', Column>;

/** The columns that changes write. A message that was just sent has their defaults. */
const CHANGED = {
  version: { name: 'version', type: 'integer', default: 1 },
  textVersion: { name: 'text_version', type: 'integer', default: 1 },
  changedRev: { name: 'changed_rev', type: 'integer', nullable: true },
  editedAt: { name: 'edited_at', type: 'timestamptz', precision: 3, nullable: true },
  deletedAt: { name: 'deleted_at', type: 'timestamptz', precision: 3, nullable: true },
  deletedBy: { name: 'deleted_by', type: 'bigint', nullable: true },
  reactions: { name: 'reactions', type: 'jsonb', nullable: true },
} as const satisfies Record<keyof typeof UNCHANGED, Column>;

const STORED = { ...SENT, ...CHANGED } as const;

/**
 * A message's columns, written once: the entity, and the lists of columns, types and parameters in every
 * statement, are made from them.
 */
const WRITTEN = {
  ...SENT,
  /** The message's place in this owner's log: from here a reader catches up. */
  rev: { name: 'rev', type: 'integer' },
  /** The version of the chat's facts when the message was appended. */
  chatVersion: { name: 'chat_version', type: 'integer' },
  /** Digest of the content first sent under the key; null without a key and in rows of earlier versions. */
  sentDigest: { name: 'sent_digest', type: 'bytea', nullable: true },
} as const satisfies Record<string, Column>;
export const MESSAGE_COLUMNS = { ...WRITTEN, ...CHANGED } as const;

type ColumnName = keyof typeof STORED;
const isStoredName = (name: string): name is ColumnName => name in STORED;
const isDraftName = (name: string): name is keyof Draft =>
  name in SENT && name !== 'seq' && name !== 'createdAt';
const STORED_NAMES = Object.keys(STORED).filter(isStoredName);
const DRAFT_NAMES = Object.keys(SENT).filter(isDraftName);

/** A FileInfo from a row of the table of files. */
export const fileInfo = (alias: string): string =>
  `jsonb_strip_nulls(jsonb_build_object(${(['id', 'name', 'contentType', 'size', 'width', 'height'] as const)
    .map((name) => `'${name}', ${alias}.${FILE_COLUMNS[name].name}`)
    .join(', ')}))`;

/** SELECT list of a stored message from the table `alias`, each column under `prefix` + its name. */
export const messageColumns = (alias: string, prefix = ''): string =>
  [
    ...STORED_NAMES.map((name) => `${alias}.${STORED[name].name} AS "${prefix}${name}"`),
    `CASE WHEN ${alias}.file_id IS NOT NULL THEN (SELECT ${fileInfo('f')} FROM message.file f WHERE f.id = ${alias}.file_id) END AS "${prefix}file"`,
  ].join(', ');

/** SELECT list of a FoundMessage. */
export const foundColumns = (alias: string): string =>
  `${messageColumns(alias)}, ${alias}.${MESSAGE_COLUMNS.sentDigest.name} AS "sentDigest"`;

/** These columns of messages, as array parameters. */
export const messageArrays = <Name extends ColumnName>(
  ...names: Name[]
): ArrayColumn<Pick<StoredMessage, Name>>[] =>
  names.map((name) => {
    const column: Column = STORED[name];
    return { name: column.name, type: column.type, value: (message) => message[name] };
  });

/** All columns that INSERT fills from a draft, except these, as array parameters. */
export const draftArrays = (...except: (keyof Draft)[]): ArrayColumn<Draft>[] => [
  ...messageArrays(...DRAFT_NAMES.filter((name) => !except.includes(name))),
  {
    ...MESSAGE_COLUMNS.sentDigest,
    value: (draft) => (draft.clientMessageId === null ? null : digestOf(draft)),
  },
];

/** The column list of INSERT: all columns that a send writes, except these. */
export const insertedColumns = (...except: (keyof Draft)[]): string =>
  Object.entries<Column>(WRITTEN)
    .filter(([name]) => !except.some((other) => other === name))
    .map(([, { name }]) => name)
    .join(', ');

/** A message joined with the message it replies to. */
export type ThreadRow = StoredMessage & {
  readonly [Name in keyof StoredMessage as `reply_${Name}`]: StoredMessage[Name] | null;
};

export const THREAD_COLUMNS = `${messageColumns('m')}, ${messageColumns('r', 'reply_')}`;
export const THREAD_TABLES =
  'message.message m LEFT JOIN message.message r ON r.chat_id = m.chat_id AND r.id = m.reply_to_id';

/**
 * Bytes of text in a message and the one it replies to. Postgres knows the lengths without reading the texts.
 */
const BYTES = `octet_length(coalesce(m.text, '')) + octet_length(coalesce(r.text, ''))`;

/**
 * FROM list of `m` and `r`: the first messages of a chat that fit one page, in `order`. `chat` is the
 * expression of its id. LATERAL with LIMIT makes Postgres choose the page first and look its rows up then.
 * Otherwise a plan made for empty tables chooses the page anew for each message of the chat.
 */
export const threadsOfPage = (chat: string, where: string, order: 'ASC' | 'DESC', limit: string): string =>
  `(${fitting(`m.chat_id = ${chat} AND ${where}`, order, limit)}) AS fit
   CROSS JOIN LATERAL (SELECT * FROM message.message WHERE chat_id = ${chat} AND seq = fit.seq LIMIT 1) AS m
   LEFT JOIN LATERAL (SELECT * FROM message.message WHERE chat_id = m.chat_id AND id = m.reply_to_id LIMIT 1) AS r ON true`;

/** Selects the `seq` of the first messages, in `order`, whose texts fit one page. */
const fitting = (where: string, order: 'ASC' | 'DESC', limit: string): string =>
  `SELECT seq FROM (
     SELECT seq, sum(bytes) OVER (ORDER BY seq ${order}) - bytes AS before
     FROM (SELECT m.seq, ${BYTES} AS bytes FROM ${THREAD_TABLES} WHERE ${where} ORDER BY m.seq ${order} LIMIT ${limit}) AS page
   ) AS page WHERE before < ${MAX_PAGE_BYTES}`;

export const toThread = (row: ThreadRow): Thread => ({
  message: row,
  replyTo: row.reply_id === null ? undefined : replyOf(row),
});

function replyOf(row: ThreadRow): StoredMessage | undefined {
  const reply: object = Object.fromEntries(
    [...STORED_NAMES, 'file' as const].map((name) => [name, row[`reply_${name}`]]),
  );
  return isJoined(reply) ? reply : undefined;
}

/** A LEFT JOIN returns a whole row, or NULL in every column. */
const isJoined = (reply: object): reply is StoredMessage => 'id' in reply && reply.id !== null;

/** What readers need of a chat's row. */
export interface ChatHead {
  readonly status: ChatStatus;
  readonly rev: number;
  /** The chat's version. */
  readonly chatVersion: number;
  /** In the row of the last message. */
  readonly marks: SelectedMarks | null;
}
