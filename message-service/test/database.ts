import { createDataSource, migrate } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import type { ChatFacts } from '@switchboard/shared/contracts';
import { createDatabase, type TestDatabase } from '@switchboard/infra/test';
import { databaseOptions } from '../src/store/database.ts';

export interface MessageDatabase extends TestDatabase {
  /** The pool of another replica, under the service's role. */
  open(): Promise<DataSource>;
  /** Adds a chat to the projection. */
  addChat(chat: ChatFacts): Promise<string>;
}

/**
 * A new database with this service's schema, migrated under the migrator's role. `drop` closes the pools too.
 */
export async function createMessageDatabase(): Promise<MessageDatabase> {
  const database = await createDatabase();
  await migrate(createDataSource(databaseOptions(database.url('message_migrator'))), 'message');
  const pools: DataSource[] = [];
  return {
    ...database,
    async open() {
      const pool = await createDataSource(databaseOptions(database.url('message_service'))).initialize();
      pools.push(pool);
      return pool;
    },
    async addChat({ id, clientId, adminId, status, version }) {
      await database.query(
        'INSERT INTO message.chat (id, client_id, admin_id, status, version) VALUES ($1, $2, $3, $4, $5)',
        [id, clientId, adminId ?? null, status, version],
      );
      return id;
    },
    async drop() {
      await Promise.all(pools.filter((pool) => pool.isInitialized).map((pool) => pool.destroy()));
      await database.drop();
    },
  };
}
