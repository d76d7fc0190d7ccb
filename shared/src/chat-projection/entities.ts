import { EntitySchema } from 'typeorm';
import type { ChatFacts } from '../contracts/chats.ts';

/** A chat as ChatProjection stores it. */
export type ProjectedChatRow = Omit<ChatFacts, 'adminId'> & { adminId: number | null };

/**
 * The columns of `<schema>.chat` that ChatProjection writes. A service may add its own; migrations create
 * them.
 */
export const projectedChatColumns = {
  id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'chat_pkey' },
  clientId: { name: 'client_id', type: 'bigint' },
  adminId: { name: 'admin_id', type: 'bigint', nullable: true },
  status: { type: 'text' },
  version: { type: 'integer' },
} as const;

/** The cursor in chat-service's log: one row. */
export const chatCursorEntity = (schema: string) =>
  new EntitySchema<{ id: number; cursor: string }>({
    name: 'chat_cursor',
    tableName: 'chat_cursor',
    schema,
    columns: {
      id: { type: 'integer', primary: true, primaryKeyConstraintName: 'chat_cursor_pkey' },
      cursor: { type: 'text' },
    },
  });
