import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Numbers of the users whose subject is none. */
export class Subjects1764700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE chat.subject (
        issuer text NOT NULL,
        subject text NOT NULL,
        user_id bigserial NOT NULL CONSTRAINT subject_user_id UNIQUE,
        CONSTRAINT subject_pkey PRIMARY KEY (issuer, subject)
      );
      ALTER SEQUENCE chat.subject_user_id_seq RESTART WITH 9000000000000000;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE chat.subject');
  }
}
