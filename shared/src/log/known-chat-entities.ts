import type { ChatFacts } from '../contracts/chats.ts';
import { EntitySchema } from 'typeorm';

/** A chat as KnownChats keeps it. */
export type KnownChatRow = Omit<ChatFacts, 'adminId'> & { adminId: number | null };

/** The columns of `<schema>.chat` that KnownChats keeps; a service may have more beside them. Migrations spell them out. */
export const knownChatColumns = {
  id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'chat_pkey' },
  clientId: { name: 'client_id', type: 'bigint' },
  adminId: { name: 'admin_id', type: 'bigint', nullable: true },
  status: { type: 'text' },
  version: { type: 'integer' },
} as const;

/** How far chat-service's log has been followed: one row. */
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
