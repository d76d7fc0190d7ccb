import { describe, expect, it } from '@jest/globals';
import { createDatabase } from '@switchboard/infra/testing';
import { createDatabaseWithSchemas, fillVariables } from './postgres-setup.ts';
import { newPostgresPasswords } from './passwords.ts';
import pg from 'pg';

describe('a database for tests', () => {
  it('has every schema, and lets a service read no rows but its own', async () => {
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

      const stranger = new pg.Client({ connectionString: database.url('message_service') });
      await stranger.connect();
      await expect(stranger.query('SELECT * FROM chat.probe')).rejects.toThrow('permission denied');
      await stranger.end();
    } finally {
      await database.drop();
    }
  });
});

it('a database that is older than a service gets its schema, and keeps the others', async () => {
  const database = await createDatabase();
  try {
    await database.query('DROP SCHEMA webhook; CREATE TABLE chat.probe (id int)');
    await createDatabaseWithSchemas(database.url('postgres'), database.name);
    expect((await database.query(`SELECT nspname FROM pg_namespace WHERE nspname IN ('chat', 'webhook') ORDER BY nspname`)).rows).toEqual([{ nspname: 'chat' }, { nspname: 'webhook' }]);
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

  it('may not ask for what does not exist', () => {
    expect(() => fillVariables(":'nobody_password'", newPostgresPasswords())).toThrow('unknown role');
  });
});
