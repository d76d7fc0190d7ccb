import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { createDatabase, schemaDrift, type TestDatabase } from '@switchboard/infra/test';
import { databaseOptions } from '../src/store/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const asMigrator = () => createDataSource(databaseOptions(database.url('chat_migrator')));

it('migrates to the schema of the entities, once, when two migrators run at the same time', async () => {
  const done = await Promise.all([migrate(asMigrator(), 'chat'), migrate(asMigrator(), 'chat')]);
  expect(done.flat()).toEqual([
    'Init1764000000000',
    'Relay1764300000000',
    'Waiting1764500000000',
    'WaitingIndexes1764500000001',
    'Placement1764600000000',
    'UnconfirmedIndex1764600000001',
    'Subjects1764700000000',
  ]);
  expect(await schemaDrift(asMigrator())).toEqual([]);
  expect(await migrate(asMigrator(), 'chat')).toEqual([]);
});
