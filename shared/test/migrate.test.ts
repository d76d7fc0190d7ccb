import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createDatabase, type TestDatabase } from '@switchboard/infra/testing';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(() => database.drop());

class Slow1764000000001 implements MigrationInterface {
  name = 'Slow1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE presence.big AS SELECT 1 AS one FROM pg_sleep(2)');
  }

  async down(): Promise<void> {
    // Nobody goes back.
  }
}

it('a migration takes as long as it takes, and a second migrator waits for it and has nothing left to do', async () => {
  const migrator = () => createDataSource({ url: database.url('presence_migrator'), schema: 'presence', applicationName: 'test', entities: [], migrations: [Slow1764000000001] });
  const done = await Promise.all([migrate(migrator(), 'presence'), migrate(migrator(), 'presence')]);
  expect(done.flat()).toEqual(['Slow1764000000001']);
  expect((await database.query('SELECT count(*)::int AS count FROM presence.big')).rows).toEqual([{ count: 1 }]);
}, 20_000);
