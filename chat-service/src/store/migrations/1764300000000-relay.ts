import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Relay1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE chat.chat_log ADD COLUMN traceparent text;

      CREATE TABLE chat.relay_cursor (
        id integer CONSTRAINT relay_cursor_pkey PRIMARY KEY,
        xact bigint NOT NULL,
        position bigint NOT NULL
      );

      CREATE TABLE chat.relay_unrouted (
        event text CONSTRAINT relay_unrouted_pkey PRIMARY KEY,
        xact bigint NOT NULL,
        position bigint NOT NULL,
        since timestamptz NOT NULL DEFAULT now()
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE chat.relay_unrouted; DROP TABLE chat.relay_cursor;
      ALTER TABLE chat.chat_log DROP COLUMN traceparent;
    `);
  }
}
