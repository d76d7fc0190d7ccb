import {
  chatCursorEntity,
  projectedChatColumns,
  type ProjectedChatRow,
} from '@switchboard/shared/chat-projection';
import { EntitySchema } from 'typeorm';

export const SCHEMA = 'presence';

/** The chat facts that access checks need. */
const chatEntity = new EntitySchema<ProjectedChatRow>({
  name: 'chat',
  tableName: 'chat',
  schema: SCHEMA,
  columns: projectedChatColumns,
});

const gatewayEntity = new EntitySchema<Record<string, unknown>>({
  name: 'gateway_lease',
  tableName: 'gateway_lease',
  schema: SCHEMA,
  columns: {
    gatewayId: {
      name: 'gateway_id',
      type: 'uuid',
      primary: true,
      primaryKeyConstraintName: 'gateway_lease_pkey',
    },
    leaseId: { name: 'lease_id', type: 'uuid' },
    /** How often the gateway renewed this lease. A count instead of a time, so that no clock affects it. */
    renewals: { type: 'integer', default: 0 },
  },
});

const socketEntity = new EntitySchema<Record<string, unknown>>({
  name: 'joined_socket',
  tableName: 'joined_socket',
  schema: SCHEMA,
  columns: {
    chatId: { name: 'chat_id', type: 'uuid', primary: true, primaryKeyConstraintName: 'joined_socket_pkey' },
    socketId: {
      name: 'socket_id',
      type: 'text',
      primary: true,
      primaryKeyConstraintName: 'joined_socket_pkey',
    },
    userId: { name: 'user_id', type: 'bigint' },
    gatewayId: { name: 'gateway_id', type: 'uuid' },
    /** The highest sequence number received for this socket. */
    sequence: { name: 'turn', type: 'bigint' },
    /** The sequence number of its last arrival or departure. */
    changedSequence: { name: 'changed_turn', type: 'bigint' },
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

const revocationEntity = new EntitySchema<Record<string, unknown>>({
  name: 'revocation',
  tableName: 'revocation',
  schema: SCHEMA,
  columns: {
    /** `user`: all tokens of a user issued until then. `token`: one token, by its `jti`. */
    kind: { type: 'text', primary: true, primaryKeyConstraintName: 'revocation_pkey' },
    subject: { type: 'text', primary: true, primaryKeyConstraintName: 'revocation_pkey' },
    position: { type: 'bigint' },
    revokedAt: { name: 'revoked_at', type: 'timestamptz', precision: 3 },
    until: { type: 'timestamptz', precision: 3 },
    /** The system that requested it. */
    revokedBy: { name: 'revoked_by', type: 'text' },
  },
  checks: [{ name: 'revocation_kind_known', expression: `kind IN ('user', 'token')` }],
  indices: [
    { name: 'revocation_position', columns: ['position'], unique: true },
    { name: 'revocation_until', columns: ['until'] },
  ],
});

/**
 * One row: the last position. Each revocation locks it until COMMIT, so positions are committed in order.
 */
const revocationHeadEntity = new EntitySchema<Record<string, unknown>>({
  name: 'revocation_head',
  tableName: 'revocation_head',
  schema: SCHEMA,
  columns: {
    id: { type: 'integer', primary: true, primaryKeyConstraintName: 'revocation_head_pkey' },
    position: { type: 'bigint' },
  },
});

export const entities = [
  chatEntity,
  chatCursorEntity(SCHEMA),
  gatewayEntity,
  socketEntity,
  activeEntity,
  revocationEntity,
  revocationHeadEntity,
];
