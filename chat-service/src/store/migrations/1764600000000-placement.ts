import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where entries of the log stand among the messages. */
export class Placement1764600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE chat.placement (
        chat_id uuid NOT NULL,
        rev integer NOT NULL,
        after_seq integer NOT NULL,
        after_rev integer NOT NULL,
        CONSTRAINT placement_pkey PRIMARY KEY (chat_id, rev)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE chat.placement');
  }
}
