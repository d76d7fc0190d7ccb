import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Since when a chat waits, and the key under which it was opened. */
export class Waiting1764500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE chat.chat
         ADD COLUMN waiting_since timestamptz(3) NOT NULL DEFAULT now(),
         ADD COLUMN idempotency_key text`,
    );
    // The last change of a chat that waits made it wait, or opened it.
    await runner.query(`UPDATE chat.chat SET waiting_since = updated_at WHERE status = 'PENDING'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE chat.chat DROP COLUMN waiting_since, DROP COLUMN idempotency_key');
  }
}
