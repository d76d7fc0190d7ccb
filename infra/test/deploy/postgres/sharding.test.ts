import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TestDatabase } from '../../helpers/index.ts';
import { createMigrated } from './migrated.ts';

// Engines that shard Postgres, such as Citus, check uniqueness only within a shard. Tables that grow with
// chats
// are sharded by chat, so each of their unique keys must start with the chat.

let database: TestDatabase;
beforeAll(async () => {
  database = await createMigrated(['chat-service', 'message-service']);
});
afterAll(() => database.drop());

/**
 * Tables of a few rows, or without a chat in their key: these stay on one node or are copied to every node.
 */
const BESIDE = [
  'message.file',
  'chat.subject',
  'chat.relay_cursor',
  'message.relay_cursor',
  'chat.relay_unrouted',
  'message.relay_unrouted',
  'message.chat_cursor',
  'chat.migration',
  'message.migration',
  'chat.schema_floor',
  'message.schema_floor',
];

it('every unique key of a table that grows with chats starts with the chat', async () => {
  const { rows } = await database.query<{ table: string; index: string; column: string }>(`
    SELECT n.nspname || '.' || t.relname AS table, i.relname AS index, a.attname AS column
    FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = t.relnamespace
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
    WHERE x.indisunique AND n.nspname IN ('chat', 'message') ORDER BY 1, 2`);
  const keys = rows.filter(({ table }) => !BESIDE.includes(table));
  expect([...new Set(keys.map(({ table }) => table))]).toEqual([
    'chat.chat',
    'chat.chat_log',
    'chat.placement',
    'message.chat',
    'message.chat_log',
    'message.message',
    'message.message_read',
    'message.message_version',
    'message.read_mark',
  ]);
  expect(keys.filter(({ table, column }) => column !== (table.endsWith('.chat') ? 'id' : 'chat_id'))).toEqual(
    [],
  );
});
