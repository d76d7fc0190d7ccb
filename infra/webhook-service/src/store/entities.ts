import { EntitySchema } from 'typeorm';

export const SCHEMA = 'webhook';

const webhookEntity = new EntitySchema<Record<string, unknown>>({
  name: 'webhook',
  tableName: 'webhook',
  schema: SCHEMA,
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'webhook_pkey' },
    url: { type: 'text' },
    /** Routing keys. */
    events: { type: 'text', array: true },
    /** Encrypted (domain/seal.ts); empty once the webhook is removed. */
    secret: { type: 'bytea' },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' },
    /** The system that registered it. */
    createdBy: { name: 'created_by', type: 'text' },
    /** A removed webhook is deleted after its deliveries. */
    removedAt: { name: 'removed_at', type: 'timestamptz', nullable: true },
  },
});

/** Deliveries to post, in order of arrival, and the log of finished ones. */
const deliveryEntity = new EntitySchema<Record<string, unknown>>({
  name: 'delivery',
  tableName: 'delivery',
  schema: SCHEMA,
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'delivery_pkey' },
    webhookId: { name: 'webhook_id', type: 'uuid' },
    position: { type: 'bigint', generated: 'increment' },
    eventId: { name: 'event_id', type: 'text' },
    type: { type: 'text' },
    chatId: { name: 'chat_id', type: 'uuid' },
    body: { type: 'text' },
    traceparent: { type: 'text', nullable: true },
    state: { type: 'text', default: 'waiting' },
    attempts: { type: 'integer', default: 0 },
    /** Invariant: set only on the next delivery of its webhook and chat. */
    nextAt: { name: 'next_at', type: 'timestamptz', nullable: true },
    createdAt: { name: 'created_at', type: 'timestamptz', default: () => 'now()' },
    firstAt: { name: 'first_at', type: 'timestamptz', nullable: true },
    lastAt: { name: 'last_at', type: 'timestamptz', nullable: true },
    lastStatus: { name: 'last_status', type: 'integer', nullable: true },
    lastError: { name: 'last_error', type: 'text', nullable: true },
  },
  checks: [{ name: 'delivery_state_known', expression: `state IN ('waiting', 'delivered', 'dead')` }],
  indices: [
    { name: 'delivery_of_event', columns: ['webhookId', 'eventId'], unique: true },
    { name: 'delivery_of_webhook', columns: ['webhookId', 'position'] },
    { name: 'delivery_of_state', columns: ['webhookId', 'state', 'position'] },
    { name: 'delivery_lane', columns: ['webhookId', 'chatId', 'position'], where: `state = 'waiting'` },
    { name: 'delivery_next', columns: ['webhookId', 'nextAt'], where: 'next_at IS NOT NULL' },
    { name: 'delivery_oldest', columns: ['position'], where: `state = 'waiting'` },
    { name: 'delivery_over', columns: ['state', 'lastAt'], where: `state <> 'waiting'` },
  ],
});

export const entities = [webhookEntity, deliveryEntity];
