import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Init1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE chat.chat (
        id uuid CONSTRAINT chat_pkey PRIMARY KEY,
        client_id bigint NOT NULL,
        admin_id bigint,
        status text NOT NULL CONSTRAINT chat_status_known CHECK (status IN ('ACTIVE', 'CLOSED', 'PENDING')),
        created_at timestamptz(3) NOT NULL,
        updated_at timestamptz(3) NOT NULL,
        version integer NOT NULL,
        confirmed_version integer NOT NULL
      );
      CREATE INDEX chat_newest ON chat.chat (created_at, id);
      CREATE INDEX chat_newest_of_client ON chat.chat (client_id, created_at, id);
      CREATE INDEX chat_by_status ON chat.chat (status, created_at, id);

      CREATE TABLE chat.chat_log (
        chat_id uuid NOT NULL,
        rev integer NOT NULL,
        event text NOT NULL,
        payload jsonb NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        xact bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
        position bigserial NOT NULL,
        CONSTRAINT chat_log_pkey PRIMARY KEY (chat_id, rev)
      );
      CREATE INDEX chat_log_commit_order ON chat.chat_log (xact, position);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE chat.chat_log; DROP TABLE chat.chat');
  }
}
