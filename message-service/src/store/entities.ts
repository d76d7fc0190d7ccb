import { relayEntities } from '@switchboard/shared/amqp';
import { chatCursorEntity, chatLogEntity, knownChatColumns, type KnownChatRow } from '@switchboard/shared/log';
import { EntitySchema } from 'typeorm';

export const SCHEMA = 'message';

/** Beside what this service must know to judge access: the counters, whose row's lock orders everything in the chat. */
interface ChatRow extends KnownChatRow {
  /** The last message's `seq`. */
  seq: number;
  /** The last `rev` of this owner's log. */
  rev: number;
}

const chatEntity = new EntitySchema<ChatRow>({
  name: 'chat',
  tableName: 'chat',
  schema: SCHEMA,
  columns: { ...knownChatColumns, seq: { type: 'integer', default: 0 }, rev: { type: 'integer', default: 0 } },
});

const messageEntity = new EntitySchema<Record<string, unknown>>({
  name: 'message',
  tableName: 'message',
  schema: SCHEMA,
  columns: {
    chatId: { name: 'chat_id', type: 'uuid', primary: true, primaryKeyConstraintName: 'message_pkey' },
    seq: { type: 'integer', primary: true, primaryKeyConstraintName: 'message_pkey' },
    id: { type: 'uuid' },
    senderId: { name: 'sender_id', type: 'bigint' },
    senderEmail: { name: 'sender_email', type: 'text' },
    senderRole: { name: 'sender_role', type: 'text' },
    text: { type: 'text', nullable: true },
    fileId: { name: 'file_id', type: 'uuid', nullable: true },
    replyToId: { name: 'reply_to_id', type: 'uuid', nullable: true },
    clientMessageId: { name: 'client_message_id', type: 'text', nullable: true },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3 },
    /** Where it stands in this owner's log, and how far chat-service's was known then: from here a reader catches up. */
    rev: { type: 'integer' },
    chatVersion: { name: 'chat_version', type: 'integer' },
  },
  indices: [
    { name: 'message_id_in_chat', columns: ['chatId', 'id'], unique: true },
    { name: 'message_key_of_sender', columns: ['chatId', 'senderId', 'clientMessageId'], unique: true, where: 'client_message_id IS NOT NULL' },
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

export const entities = [chatEntity, messageEntity, readEntity, fileEntity, chatCursorEntity(SCHEMA), chatLogEntity(SCHEMA), ...relayEntities(SCHEMA)];
