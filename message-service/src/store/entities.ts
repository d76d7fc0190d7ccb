import { relayEntities } from '@switchboard/shared/amqp';
import { chatLogEntity } from '@switchboard/shared/log';
import {
  chatCursorEntity,
  projectedChatColumns,
  type ProjectedChatRow,
} from '@switchboard/shared/chat-projection';
import { EntitySchema } from 'typeorm';
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
  createdAt: Date;
}

export const fileEntity = new EntitySchema<FileRow>({
  name: 'file',
  tableName: 'file',
  schema: SCHEMA,
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'file_pkey' },
    ownerId: { name: 'owner_id', type: 'bigint' },
    name: { type: 'text' },
    contentType: { name: 'content_type', type: 'text' },
    size: { type: 'bigint' },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' },
  },
});

export const entities = [
  chatEntity,
  messageEntity,
  readEntity,
  fileEntity,
  chatCursorEntity(SCHEMA),
  chatLogEntity(SCHEMA),
  ...relayEntities(SCHEMA),
];
