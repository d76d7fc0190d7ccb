import { chatCursorEntity, knownChatColumns, type KnownChatRow } from '@switchboard/shared/log';
import { EntitySchema } from 'typeorm';

export const SCHEMA = 'presence';

/** What this service must know of a chat to judge access. */
const chatEntity = new EntitySchema<KnownChatRow>({ name: 'chat', tableName: 'chat', schema: SCHEMA, columns: knownChatColumns });

const gatewayEntity = new EntitySchema<Record<string, unknown>>({
  name: 'gateway_lease',
  tableName: 'gateway_lease',
  schema: SCHEMA,
  columns: {
    gatewayId: { name: 'gateway_id', type: 'uuid', primary: true, primaryKeyConstraintName: 'gateway_lease_pkey' },
    leaseId: { name: 'lease_id', type: 'uuid' },
    /** By the gateway itself since the row came to be. A count and no time: no clock can bend it. */
    renewals: { type: 'integer', default: 0 },
  },
});

const socketEntity = new EntitySchema<Record<string, unknown>>({
  name: 'joined_socket',
  tableName: 'joined_socket',
  schema: SCHEMA,
  columns: {
    chatId: { name: 'chat_id', type: 'uuid', primary: true, primaryKeyConstraintName: 'joined_socket_pkey' },
    socketId: { name: 'socket_id', type: 'text', primary: true, primaryKeyConstraintName: 'joined_socket_pkey' },
    userId: { name: 'user_id', type: 'bigint' },
    gatewayId: { name: 'gateway_id', type: 'uuid' },
    /** Of the last that the gateway told of it. */
    turn: { type: 'bigint' },
    /** With which it last came or went. */
    changedTurn: { name: 'changed_turn', type: 'bigint' },
    leftAt: { name: 'left_at', type: 'timestamptz', nullable: true },
    droppedAt: { name: 'dropped_at', type: 'timestamptz', nullable: true },
  },
  indices: [
    { name: 'joined_socket_of_gateway', columns: ['gatewayId'] },
    { name: 'joined_socket_dropped', columns: ['droppedAt'], where: 'dropped_at IS NOT NULL' },
    { name: 'joined_socket_left', columns: ['leftAt'], where: 'left_at IS NOT NULL' },
  ],
});

const activeEntity = new EntitySchema<Record<string, unknown>>({
  name: 'active_user',
  tableName: 'active_user',
  schema: SCHEMA,
  columns: {
    chatId: { name: 'chat_id', type: 'uuid', primary: true, primaryKeyConstraintName: 'active_user_pkey' },
    userId: { name: 'user_id', type: 'bigint', primary: true, primaryKeyConstraintName: 'active_user_pkey' },
    sockets: { type: 'integer' },
  },
  indices: [{ name: 'active_user_gone', columns: ['chatId'], where: 'sockets = 0' }],
});

export const entities = [chatEntity, chatCursorEntity(SCHEMA), gatewayEntity, socketEntity, activeEntity];
