import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Revocations1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE presence.revocation (
        kind text NOT NULL CONSTRAINT revocation_kind_known CHECK (kind IN ('user', 'token')),
        subject text NOT NULL,
        position bigint NOT NULL,
        revoked_at timestamptz(3) NOT NULL,
        until timestamptz(3) NOT NULL,
        revoked_by text NOT NULL,
        CONSTRAINT revocation_pkey PRIMARY KEY (kind, subject)
      );
      CREATE UNIQUE INDEX revocation_position ON presence.revocation (position);
      CREATE INDEX revocation_until ON presence.revocation (until);

      CREATE TABLE presence.revocation_head (
        id integer CONSTRAINT revocation_head_pkey PRIMARY KEY,
        position bigint NOT NULL
      );
      INSERT INTO presence.revocation_head (id, position) VALUES (1, 0);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE presence.revocation_head; DROP TABLE presence.revocation');
  }
}
