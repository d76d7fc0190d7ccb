import { relayEntities } from '@switchboard/shared/amqp';
import { chatLogEntity } from '@switchboard/shared/log';
import {
  chatCursorEntity,
  projectedChatColumns,
  type ProjectedChatRow,
} from '@switchboard/shared/chat-projection';
import { EntitySchema } from 'typeorm';
import { FILE_COLUMNS } from './file-columns.ts';
import { MESSAGE_COLUMNS } from './message-rows.ts';

export const SCHEMA = 'message';

/**
 * The projected facts that decide access, and the chat's counters. The row's lock orders all writes of the
 * chat.
 */
interface ChatRow extends ProjectedChatRow {
  /** The last message's `seq`. */
  seq: number;
  /** The last `rev` of this owner's log. */
  rev: number;
}

const chatEntity = new EntitySchema<ChatRow>({
  name: 'chat',
  tableName: 'chat',
  schema: SCHEMA,
  columns: {
    ...projectedChatColumns,
    seq: { type: 'integer', default: 0 },
    rev: { type: 'integer', default: 0 },
  },
});

const messageEntity = new EntitySchema<Record<string, unknown>>({
  name: 'message',
  tableName: 'message',
  schema: SCHEMA,
  columns: MESSAGE_COLUMNS,
  indices: [
    { name: 'message_id_in_chat', columns: ['chatId', 'id'], unique: true },
    {
      name: 'message_key_of_sender',
      columns: ['chatId', 'senderId', 'clientMessageId'],
      unique: true,
      where: 'client_message_id IS NOT NULL',
    },
    { name: 'message_with_file', columns: ['fileId'], where: 'file_id IS NOT NULL' },
  ],
});

const readEntity = new EntitySchema<Record<string, unknown>>({
  name: 'message_read',
  tableName: 'message_read',
  schema: SCHEMA,
  columns: {
    chatId: { name: 'chat_id', type: 'uuid', primary: true, primaryKeyConstraintName: 'message_read_pkey' },
    userId: { name: 'user_id', type: 'bigint', primary: true, primaryKeyConstraintName: 'message_read_pkey' },
    seq: { type: 'integer', primary: true, primaryKeyConstraintName: 'message_read_pkey' },
    at: { type: 'timestamptz', default: () => 'now()' },
  },
});

export interface FileRow {
  id: string;
  ownerId: number;
  name: string;
  contentType: string;
  size: number;
  width: number | null;
  height: number | null;
  createdAt: Date;
}

export const fileEntity = new EntitySchema<FileRow>({
  name: 'file',
  tableName: 'file',
  schema: SCHEMA,
  columns: FILE_COLUMNS,
});

const versionEntity = new EntitySchema<Record<string, unknown>>({
  name: 'message_version',
  tableName: 'message_version',
  schema: SCHEMA,
  columns: {
    chatId: {
      name: 'chat_id',
      type: 'uuid',
      primary: true,
      primaryKeyConstraintName: 'message_version_pkey',
    },
    seq: { type: 'integer', primary: true, primaryKeyConstraintName: 'message_version_pkey' },
    version: { type: 'integer', primary: true, primaryKeyConstraintName: 'message_version_pkey' },
    text: { type: 'text', nullable: true },
    fileId: { name: 'file_id', type: 'uuid', nullable: true },
    /** When it was replaced. */
    until: { type: 'timestamptz', precision: 3 },
  },
});

const markEntity = new EntitySchema<Record<string, unknown>>({
  name: 'read_mark',
  tableName: 'read_mark',
  schema: SCHEMA,
  columns: {
    chatId: { name: 'chat_id', type: 'uuid', primary: true, primaryKeyConstraintName: 'read_mark_pkey' },
    userId: { name: 'user_id', type: 'bigint', primary: true, primaryKeyConstraintName: 'read_mark_pkey' },
    seq: { type: 'integer' },
    at: { type: 'timestamptz', precision: 3 },
  },
});

export const entities = [
  chatEntity,
  messageEntity,
  versionEntity,
  readEntity,
  markEntity,
  fileEntity,
  chatCursorEntity(SCHEMA),
  chatLogEntity(SCHEMA),
  ...relayEntities(SCHEMA),
];
