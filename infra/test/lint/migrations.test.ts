import { describe, expect, it } from '@jest/globals';
import { raiseFloor } from '@switchboard/shared/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { laterMigrations, offencesIn, offencesOf, statementsOf } from './migrations.ts';

// Versions N and N−1 of a service share one schema during a release. So a migration expands the schema, or
// names the first version that allows contracting it.

const of = (up: (runner: QueryRunner) => Promise<unknown>): MigrationInterface => ({
  up: async (runner) => {
    await up(runner);
  },
  down: () => Promise.resolve(),
});
const offences = async (...sql: string[]) =>
  offencesOf(
    await statementsOf(
      of(async (runner) => {
        for (const one of sql) await runner.query(one);
      }),
    ),
  );

it.each(laterMigrations())('%s lets the previous version continue', async (file) => {
  expect(await offencesIn(file)).toEqual([]);
});

describe('a migration', () => {
  it.each([
    'DROP TABLE chat.chat',
    'ALTER TABLE chat.chat DROP COLUMN version',
    'ALTER TABLE chat.chat RENAME COLUMN version TO revision',
    'ALTER TABLE chat.chat ALTER COLUMN version TYPE bigint',
    'ALTER TABLE chat.chat ALTER version SET DATA TYPE bigint',
    'ALTER TABLE chat.chat ALTER COLUMN admin_id SET NOT NULL',
    'ALTER TABLE chat.chat ADD COLUMN topic text NOT NULL',
    "ALTER TABLE chat.chat ADD COLUMN topic text NOT NULL, ADD COLUMN note text DEFAULT ''",
    'ALTER TABLE chat.chat ADD CONSTRAINT one_each UNIQUE (client_id)',
    "DELETE FROM chat.chat WHERE status = 'CLOSED'",
    'TRUNCATE chat.chat',
  ])('that does %s is refused', async (sql) => {
    expect(await offences(`CREATE TABLE chat.x (id integer); ${sql}; `)).toHaveLength(1);
  });

  it.each([
    'CREATE TABLE chat.topic (id uuid PRIMARY KEY, name text NOT NULL); CREATE INDEX topic_by_name ON chat.topic (name)',
    'ALTER TABLE chat.chat ADD COLUMN topic text',
    "ALTER TABLE chat.chat ADD COLUMN topic text NOT NULL DEFAULT ''",
    "ALTER TABLE chat.chat ADD COLUMN topic text DEFAULT '' NOT NULL",
    'ALTER TABLE chat.chat ALTER COLUMN version DROP NOT NULL',
    'CREATE INDEX CONCURRENTLY chat_by_admin ON chat.chat (admin_id)',
  ])('that does %s is allowed', async (sql) => {
    expect(await offences(sql)).toEqual([]);
  });

  it('that removes something is allowed when it names the version that stopped using it', async () => {
    const contracting = of(async (runner) => {
      await raiseFloor(runner, 'chat', 'Relay1764300000000');
      await runner.query('ALTER TABLE chat.chat DROP COLUMN topic');
    });
    expect(offencesOf(await statementsOf(contracting))).toEqual([]);
  });

  it('that builds an index on an existing table with a lock is refused', async () => {
    expect(await offences('CREATE UNIQUE INDEX chat_by_admin ON chat.chat (admin_id)')).toHaveLength(1);
    expect(await offences('CREATE INDEX chat_by_admin ON chat.chat(admin_id)')).toHaveLength(1);
  });
});
