import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SentDigest1764400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE message.message ADD COLUMN sent_digest bytea');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE message.message DROP COLUMN sent_digest');
  }
}
