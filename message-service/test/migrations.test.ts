import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { databaseOptions } from '../src/store/database.ts';
import { createMessageDatabase, type MessageDatabase } from './database.ts';

let database: MessageDatabase;
beforeAll(async () => {
  database = await createMessageDatabase();
});
afterAll(() => database.drop());

it('create all that the entities need', async () => {
  const dataSource = await createDataSource(databaseOptions(database.url('message_migrator'))).initialize();
  try {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  } finally {
    await dataSource.destroy();
  }
});

it('run once', async () => {
  expect(
    await migrate(createDataSource(databaseOptions(database.url('message_migrator'))), 'message'),
  ).toEqual([]);
});

it('can be undone', async () => {
  const dataSource = await createDataSource(databaseOptions(database.url('message_migrator'))).initialize();
  try {
    for (let left = databaseOptions('').migrations.length; left > 0; left--)
      await dataSource.undoLastMigration();
    const { rows } = await database.query(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'message' ORDER BY table_name",
    );
    expect(rows).toEqual([{ table_name: 'migration' }, { table_name: 'schema_floor' }]);
    await dataSource.runMigrations();
  } finally {
    await dataSource.destroy();
  }
});

it('let the service read and write rows, but not change the schema', async () => {
  const pool = await database.open();
  await expect(pool.query('SELECT count(*) FROM message.message')).resolves.toBeDefined();
  await expect(pool.query('CREATE TABLE message.mine (id int)')).rejects.toThrow(/permission denied/);
  await expect(pool.query('TRUNCATE message.message')).rejects.toThrow(/permission denied/);
  await expect(pool.query('SELECT count(*) FROM chat.chat')).rejects.toThrow(/permission denied/);
});
