import { createDataSource } from '@switchboard/shared/postgres';
import { createDatabase, type TestDatabase } from '@switchboard/infra/test';
import pg from 'pg';
import type { DataSource } from 'typeorm';

/** A database whose schema `presence` has a log, and the tables of ChatProjection and the relay. */
export async function createOwnSchema(): Promise<TestDatabase> {
  const database = await createDatabase();
  const migrator = new pg.Client({ connectionString: database.url('presence_migrator') });
  await migrator.connect();
  await migrator.query(`
    CREATE TABLE presence.chat_log (
      chat_id uuid NOT NULL, rev integer NOT NULL, event text NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(),
      xact bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint, position bigserial NOT NULL, traceparent text, PRIMARY KEY (chat_id, rev)
    );
    CREATE TABLE presence.chat (id uuid PRIMARY KEY, client_id bigint NOT NULL, admin_id bigint, status text NOT NULL, version integer NOT NULL);
    CREATE TABLE presence.relay_cursor (id integer PRIMARY KEY, xact bigint NOT NULL, position bigint NOT NULL);
    CREATE TABLE presence.relay_unrouted (event text PRIMARY KEY, xact bigint NOT NULL, position bigint NOT NULL, since timestamptz NOT NULL DEFAULT now());
    CREATE TABLE presence.chat_cursor (id integer PRIMARY KEY, cursor text NOT NULL);
  `);
  await migrator.end();
  return database;
}

export const openPool = (database: TestDatabase): Promise<DataSource> =>
  createDataSource({
    url: database.url('presence_service'),
    schema: 'presence',
    applicationName: 'test',
    entities: [],
    migrations: [],
  }).initialize();
