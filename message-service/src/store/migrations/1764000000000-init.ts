import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Init1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE message.chat (
        id uuid CONSTRAINT chat_pkey PRIMARY KEY,
        client_id bigint NOT NULL,
        admin_id bigint,
        status text NOT NULL,
        version integer NOT NULL,
        seq integer NOT NULL DEFAULT 0,
        rev integer NOT NULL DEFAULT 0
      );

      CREATE TABLE message.chat_cursor (
        id integer CONSTRAINT chat_cursor_pkey PRIMARY KEY,
        cursor text NOT NULL
      );

      CREATE TABLE message.message (
        chat_id uuid NOT NULL,
        seq integer NOT NULL,
        id uuid NOT NULL,
        sender_id bigint NOT NULL,
        sender_email text NOT NULL,
        sender_role text NOT NULL,
        text text,
        file_id uuid,
        reply_to_id uuid,
        client_message_id text,
        created_at timestamptz(3) NOT NULL,
        rev integer NOT NULL,
        chat_version integer NOT NULL,
        CONSTRAINT message_pkey PRIMARY KEY (chat_id, seq)
      );
      CREATE UNIQUE INDEX message_id_in_chat ON message.message (chat_id, id);
      CREATE UNIQUE INDEX message_key_of_sender ON message.message (chat_id, sender_id, client_message_id) WHERE client_message_id IS NOT NULL;
      CREATE INDEX message_with_file ON message.message (file_id) WHERE file_id IS NOT NULL;

      CREATE TABLE message.message_read (
        chat_id uuid NOT NULL,
        user_id bigint NOT NULL,
        seq integer NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT message_read_pkey PRIMARY KEY (chat_id, user_id, seq)
      );

      CREATE TABLE message.file (
        id uuid CONSTRAINT file_pkey PRIMARY KEY,
        owner_id bigint NOT NULL,
        name text NOT NULL,
        content_type text NOT NULL,
        size bigint NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now()
      );

      CREATE TABLE message.chat_log (
        chat_id uuid NOT NULL,
        rev integer NOT NULL,
        event text NOT NULL,
        payload jsonb NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        xact bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
        position bigserial NOT NULL,
        CONSTRAINT chat_log_pkey PRIMARY KEY (chat_id, rev)
      );
      CREATE INDEX chat_log_commit_order ON message.chat_log (xact, position);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE message.chat_log; DROP TABLE message.file; DROP TABLE message.message_read;
      DROP TABLE message.message; DROP TABLE message.chat_cursor; DROP TABLE message.chat;
    `);
  }
}
