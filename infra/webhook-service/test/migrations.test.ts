import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { createDatabase, schemaDrift, type TestDatabase } from '@switchboard/infra/test';
import { databaseOptions } from '../src/store/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const asMigrator = () => createDataSource(databaseOptions(database.url('webhook_migrator')));

it('migrations create the schema of the entities once, also with two migrators at the same time', async () => {
  const done = await Promise.all([migrate(asMigrator(), 'webhook'), migrate(asMigrator(), 'webhook')]);
  expect(done.flat()).toEqual(['Init1764400000000']);
  expect(await schemaDrift(asMigrator())).toEqual([]);
  expect(await migrate(asMigrator(), 'webhook')).toEqual([]);
});
