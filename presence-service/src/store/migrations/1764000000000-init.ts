import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Init1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE presence.chat (
        id uuid CONSTRAINT chat_pkey PRIMARY KEY,
        client_id bigint NOT NULL,
        admin_id bigint,
        status text NOT NULL,
        version integer NOT NULL
      );

      CREATE TABLE presence.chat_cursor (
        id integer CONSTRAINT chat_cursor_pkey PRIMARY KEY,
        cursor text NOT NULL
      );

      CREATE TABLE presence.gateway_lease (
        gateway_id uuid CONSTRAINT gateway_lease_pkey PRIMARY KEY,
        renewed_at timestamptz NOT NULL,
        is_renewed boolean NOT NULL DEFAULT false
      );

      CREATE TABLE presence.joined_socket (
        chat_id uuid NOT NULL,
        socket_id text NOT NULL,
        user_id bigint NOT NULL,
        gateway_id uuid NOT NULL,
        gone_at timestamptz,
        CONSTRAINT joined_socket_pkey PRIMARY KEY (chat_id, socket_id)
      );
      CREATE INDEX joined_socket_of_gateway ON presence.joined_socket (gateway_id);
      CREATE INDEX joined_socket_gone ON presence.joined_socket (gone_at) WHERE gone_at IS NOT NULL;

      CREATE TABLE presence.active_user (
        chat_id uuid NOT NULL,
        user_id bigint NOT NULL,
        sockets integer NOT NULL,
        CONSTRAINT active_user_pkey PRIMARY KEY (chat_id, user_id)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE presence.active_user; DROP TABLE presence.joined_socket; DROP TABLE presence.gateway_lease;
      DROP TABLE presence.chat_cursor; DROP TABLE presence.chat;
    `);
  }
}
