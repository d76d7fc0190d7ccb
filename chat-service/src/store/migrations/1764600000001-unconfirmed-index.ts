import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds the changes that message-service may not hold. */
export class UnconfirmedIndex1764600000001 implements MigrationInterface {
  /** An index that is built beside writers cannot be built in a transaction. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS chat.chat_unconfirmed');
    await runner.query(
      `CREATE INDEX CONCURRENTLY chat_unconfirmed ON chat.chat (updated_at, id) WHERE version > confirmed_version`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX chat.chat_unconfirmed');
  }
}
