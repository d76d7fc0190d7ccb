import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { createDatabase, schemaDrift, type TestDatabase } from '@switchboard/infra/testing';
import { databaseOptions } from '../src/store/database.ts';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(() => database.drop());

const asMigrator = () => createDataSource(databaseOptions(database.url('chat_migrator')));

it('the migrations make what the entities say, by two migrators at once, and once', async () => {
  const done = await Promise.all([migrate(asMigrator(), 'chat'), migrate(asMigrator(), 'chat')]);
  expect(done.flat()).toEqual(['Init1764000000000', 'Relay1764300000000']);
  expect(await schemaDrift(asMigrator())).toEqual([]);
  expect(await migrate(asMigrator(), 'chat')).toEqual([]);
});
