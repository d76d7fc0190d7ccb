import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tells a lease that was renewed from one that a socket made by entering. */
export class LeaseRenewals1764000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE presence.gateway_lease ADD COLUMN renewals integer NOT NULL DEFAULT 0; ALTER TABLE presence.gateway_lease ALTER COLUMN renewals DROP DEFAULT');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE presence.gateway_lease DROP COLUMN renewals');
  }
}
