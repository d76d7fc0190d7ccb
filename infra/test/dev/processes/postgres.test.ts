import { describe, expect, it } from '@jest/globals';
import { createDatabase } from '@switchboard/infra/test';
import { createDatabaseWithSchemas, fillVariables } from '../../../dev/processes/postgres-setup.ts';
import { newPostgresPasswords } from '../../../dev/passwords.ts';
import pg from 'pg';

describe('a database for tests', () => {
  it('has every schema, and lets a service read only its own rows', async () => {
    const database = await createDatabase();
    try {
      const migrator = new pg.Client({ connectionString: database.url('chat_migrator') });
      await migrator.connect();
      await migrator.query('CREATE TABLE chat.probe (id int)');
      await migrator.end();

      const owner = new pg.Client({ connectionString: database.url('chat_service') });
      await owner.connect();
      await owner.query('INSERT INTO chat.probe VALUES (1)');
      await expect(owner.query('DROP TABLE chat.probe')).rejects.toThrow('must be owner');
      await owner.end();

      const otherService = new pg.Client({ connectionString: database.url('message_service') });
      await otherService.connect();
      await expect(otherService.query('SELECT * FROM chat.probe')).rejects.toThrow('permission denied');
      await otherService.end();
    } finally {
      await database.drop();
    }
  });
});

it('adds the schema of a new service to an existing database, and keeps the others', async () => {
  const database = await createDatabase();
  try {
    await database.query('DROP SCHEMA webhook; CREATE TABLE chat.probe (id int)');
    await createDatabaseWithSchemas(database.url('postgres'), database.name);
    expect(
      (
        await database.query(
          `SELECT nspname FROM pg_namespace WHERE nspname IN ('chat', 'webhook') ORDER BY nspname`,
        )
      ).rows,
    ).toEqual([{ nspname: 'chat' }, { nspname: 'webhook' }]);
    expect((await database.query('SELECT * FROM chat.probe')).rows).toEqual([]);
  } finally {
    await database.drop();
  }
});

describe('roles.sql', () => {
  it('gets its passwords as quoted literals', () => {
    const passwords = { ...newPostgresPasswords(), chat_service: "it's" };
    expect(fillVariables("PASSWORD :'chat_service_password';", passwords)).toBe("PASSWORD 'it''s';");
  });

  it('refuses the password of an unknown role', () => {
    expect(() => fillVariables(":'nobody_password'", newPostgresPasswords())).toThrow('unknown role');
  });
});
