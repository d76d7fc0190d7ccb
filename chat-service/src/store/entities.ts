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
  /** The last `rev` of its log. */
  version: number;
  /** The last version that message-service has confirmed to hold; less than `version` while a change awaits its answer. */
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
    version: { type: 'integer' },
    confirmedVersion: { name: 'confirmed_version', type: 'integer' },
  },
  checks: [{ name: 'chat_status_known', expression: `status IN ('ACTIVE', 'CLOSED', 'PENDING')` }],
  indices: [
    { name: 'chat_newest', columns: ['createdAt', 'id'] },
    { name: 'chat_newest_of_client', columns: ['clientId', 'createdAt', 'id'] },
    { name: 'chat_by_status', columns: ['status', 'createdAt', 'id'] },
  ],
});

export const entities = [chatEntity, chatLogEntity(SCHEMA), ...relayEntities(SCHEMA)];
