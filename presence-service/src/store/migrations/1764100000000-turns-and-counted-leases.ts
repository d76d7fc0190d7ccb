import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Recreates the tables empty: every gateway enters its sockets again within seconds, with its next lease. */
export class TurnsAndCountedLeases1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE presence.active_user; DROP TABLE presence.joined_socket; DROP TABLE presence.gateway_lease;

      CREATE TABLE presence.gateway_lease (
        gateway_id uuid CONSTRAINT gateway_lease_pkey PRIMARY KEY,
        lease_id uuid NOT NULL,
        renewals integer NOT NULL DEFAULT 0
      );

      CREATE TABLE presence.joined_socket (
        chat_id uuid NOT NULL,
        socket_id text NOT NULL,
        user_id bigint NOT NULL,
        gateway_id uuid NOT NULL,
        turn bigint NOT NULL,
        changed_turn bigint NOT NULL,
        dropped_at timestamptz,
        left_at timestamptz,
        CONSTRAINT joined_socket_pkey PRIMARY KEY (chat_id, socket_id)
      );
      CREATE INDEX joined_socket_of_gateway ON presence.joined_socket (gateway_id);
      CREATE INDEX joined_socket_dropped ON presence.joined_socket (dropped_at) WHERE dropped_at IS NOT NULL;
      CREATE INDEX joined_socket_left ON presence.joined_socket (left_at) WHERE left_at IS NOT NULL;

      CREATE TABLE presence.active_user (
        chat_id uuid NOT NULL,
        user_id bigint NOT NULL,
        sockets integer NOT NULL,
        CONSTRAINT active_user_pkey PRIMARY KEY (chat_id, user_id)
      );
      CREATE INDEX active_user_gone ON presence.active_user (chat_id) WHERE sockets = 0;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE presence.active_user; DROP TABLE presence.joined_socket; DROP TABLE presence.gateway_lease;

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
}
