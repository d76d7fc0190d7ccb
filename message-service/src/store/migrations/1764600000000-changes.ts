import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Messages that change, with their former versions, and read marks. */
export class Changes1764600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE message.message
        ADD COLUMN sender_name text,
        ADD COLUMN version integer NOT NULL DEFAULT 1,
        ADD COLUMN text_version integer NOT NULL DEFAULT 1,
        ADD COLUMN changed_rev integer,
        ADD COLUMN edited_at timestamptz(3),
        ADD COLUMN deleted_at timestamptz(3),
        ADD COLUMN deleted_by bigint,
        ADD COLUMN reactions jsonb;

      ALTER TABLE message.file ADD COLUMN width integer, ADD COLUMN height integer;

      CREATE TABLE message.message_version (
        chat_id uuid NOT NULL,
        seq integer NOT NULL,
        version integer NOT NULL,
        text text,
        file_id uuid,
        until timestamptz(3) NOT NULL,
        CONSTRAINT message_version_pkey PRIMARY KEY (chat_id, seq, version)
      );

      CREATE TABLE message.read_mark (
        chat_id uuid NOT NULL,
        user_id bigint NOT NULL,
        seq integer NOT NULL,
        at timestamptz(3) NOT NULL,
        CONSTRAINT read_mark_pkey PRIMARY KEY (chat_id, user_id)
      ) WITH (fillfactor = 70);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE message.read_mark; DROP TABLE message.message_version;
      ALTER TABLE message.file DROP COLUMN width, DROP COLUMN height;
      ALTER TABLE message.message DROP COLUMN sender_name, DROP COLUMN version, DROP COLUMN text_version,
        DROP COLUMN changed_rev, DROP COLUMN edited_at, DROP COLUMN deleted_at, DROP COLUMN deleted_by, DROP COLUMN reactions;
    `);
  }
}
