import type { MigrationInterface, QueryRunner } from 'typeorm';

export class WaitingIndexes1764500000001 implements MigrationInterface {
  /** An index that is built beside writers cannot be built in a transaction. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const name of ['chat_waiting', 'chat_key_of_client'])
      await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS chat.${name}`);
    await runner.query(
      `CREATE INDEX CONCURRENTLY chat_waiting ON chat.chat (waiting_since, id) WHERE status = 'PENDING'`,
    );
    await runner.query(
      `CREATE INDEX CONCURRENTLY chat_key_of_client ON chat.chat (client_id, idempotency_key)
       WHERE idempotency_key IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX chat.chat_waiting; DROP INDEX chat.chat_key_of_client');
  }
}
