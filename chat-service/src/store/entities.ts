import type { ChatStatus } from '@switchboard/shared/contracts';
import { relayEntities } from '@switchboard/shared/amqp';
import { chatLogEntity } from '@switchboard/shared/log';
import { EntitySchema } from 'typeorm';

export const SCHEMA = 'chat';

export interface ChatRow {
  id: string;
  clientId: number;
  adminId: number | null;
  status: ChatStatus;
  createdAt: Date;
  updatedAt: Date;
  /** When it last began to wait for an admin; it counts while the chat is PENDING. */
  waitingSince: Date;
  /** Of the request that opened it. */
  idempotencyKey: string | null;
  /** The last `rev` of its log. */
  version: number;
  /**
   * The last version that message-service confirmed; below `version` until chat-service replies to the
   * change.
   */
  confirmedVersion: number;
}

export const chatEntity = new EntitySchema<ChatRow>({
  name: 'chat',
  tableName: 'chat',
  schema: SCHEMA,
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'chat_pkey' },
    clientId: { name: 'client_id', type: 'bigint' },
    adminId: { name: 'admin_id', type: 'bigint', nullable: true },
    status: { type: 'text' },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3 },
    updatedAt: { name: 'updated_at', type: 'timestamptz', precision: 3 },
    waitingSince: { name: 'waiting_since', type: 'timestamptz', precision: 3, default: () => 'now()' },
    idempotencyKey: { name: 'idempotency_key', type: 'text', nullable: true },
    version: { type: 'integer' },
    confirmedVersion: { name: 'confirmed_version', type: 'integer' },
  },
  checks: [{ name: 'chat_status_known', expression: `status IN ('ACTIVE', 'CLOSED', 'PENDING')` }],
  indices: [
    { name: 'chat_newest', columns: ['createdAt', 'id'] },
    { name: 'chat_newest_of_client', columns: ['clientId', 'createdAt', 'id'] },
    { name: 'chat_by_status', columns: ['status', 'createdAt', 'id'] },
    { name: 'chat_unconfirmed', columns: ['updatedAt', 'id'], where: 'version > confirmed_version' },
    { name: 'chat_waiting', columns: ['waitingSince', 'id'], where: `status = 'PENDING'` },
    // Not unique: a table that grows with chats is unique by chat first. `open` runs one request of a client
    // at a time.
    {
      name: 'chat_key_of_client',
      columns: ['clientId', 'idempotencyKey'],
      where: 'idempotency_key IS NOT NULL',
    },
  ],
});

const subjectEntity = new EntitySchema<Record<string, unknown>>({
  name: 'subject',
  tableName: 'subject',
  schema: SCHEMA,
  columns: {
    issuer: { type: 'text', primary: true, primaryKeyConstraintName: 'subject_pkey' },
    subject: { type: 'text', primary: true, primaryKeyConstraintName: 'subject_pkey' },
    userId: { name: 'user_id', type: 'bigint', generated: 'increment' },
  },
  uniques: [{ name: 'subject_user_id', columns: ['userId'] }],
});

const placementEntity = new EntitySchema<Record<string, unknown>>({
  name: 'placement',
  tableName: 'placement',
  schema: SCHEMA,
  columns: {
    chatId: { name: 'chat_id', type: 'uuid', primary: true, primaryKeyConstraintName: 'placement_pkey' },
    rev: { type: 'integer', primary: true, primaryKeyConstraintName: 'placement_pkey' },
    afterSeq: { name: 'after_seq', type: 'integer' },
    afterRev: { name: 'after_rev', type: 'integer' },
  },
});

export const entities = [
  chatEntity,
  placementEntity,
  subjectEntity,
  chatLogEntity(SCHEMA),
  ...relayEntities(SCHEMA),
];
