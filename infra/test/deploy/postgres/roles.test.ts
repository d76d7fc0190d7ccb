import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createDatabase, type TestDatabase } from '../../helpers/index.ts';

const schemas = ['chat', 'message', 'presence', 'webhook'] as const;
type Schema = (typeof schemas)[number];

let database: TestDatabase;
const clients = new Map<string, pg.Client>();

const clientOf = (role: `${Schema}_service` | `${Schema}_migrator`): pg.Client => clients.get(role)!;

/** The SQLSTATE of a refused statement, otherwise 'done'. */
async function outcomeOf(client: pg.Client, sql: string): Promise<string> {
  try {
    await client.query(sql);
    return 'done';
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code ?? error.message;
    throw error;
  }
}

/** insufficient_privilege */
const REFUSED = '42501';

beforeAll(async () => {
  database = await createDatabase();
  for (const schema of schemas) {
    for (const role of [`${schema}_migrator`, `${schema}_service`] as const) {
      const client = new pg.Client({ connectionString: database.url(role) });
      await client.connect();
      clients.set(role, client);
    }
    await clientOf(`${schema}_migrator`).query(
      `CREATE TABLE ${schema}.thing (id serial PRIMARY KEY, name text)`,
    );
  }
});
afterAll(async () => {
  await Promise.all([...clients.values()].map((client) => client.end()));
  await database.drop();
});

describe.each(schemas)('the role of %s-service', (schema) => {
  const service = () => clientOf(`${schema}_service`);
  const others = schemas.filter((other) => other !== schema);

  it('reads and writes the rows of its own schema', async () => {
    await service().query(`INSERT INTO ${schema}.thing (name) VALUES ('a')`);
    await service().query(`UPDATE ${schema}.thing SET name = 'b'`);
    expect((await service().query(`SELECT name FROM ${schema}.thing`)).rows).toEqual([{ name: 'b' }]);
    await service().query(`DELETE FROM ${schema}.thing`);
    expect((await service().query(`SELECT name FROM ${schema}.thing`)).rows).toEqual([]);
  });

  it.each([
    `CREATE TABLE ${schema}.mine (id integer)`,
    'CREATE TABLE public.mine (id integer)',
    'CREATE TEMPORARY TABLE mine (id integer)',
    'CREATE SCHEMA mine',
    `CREATE INDEX mine ON ${schema}.thing (name)`,
    `ALTER TABLE ${schema}.thing ADD COLUMN mine text`,
    `TRUNCATE ${schema}.thing`,
    `DROP TABLE ${schema}.thing`,
    `DROP SCHEMA ${schema} CASCADE`,
    'CREATE ROLE mine',
    `SET ROLE ${schema}_migrator`,
    'SET ROLE postgres',
  ])('is refused: %s', async (sql) => {
    expect(await outcomeOf(service(), sql)).toBe(REFUSED);
  });

  it.each(others)('cannot access %s', async (other) => {
    for (const sql of [
      `SELECT * FROM ${other}.thing`,
      `INSERT INTO ${other}.thing (name) VALUES ('x')`,
      `UPDATE ${other}.thing SET name = 'x'`,
      `DELETE FROM ${other}.thing`,
    ]) {
      expect({ sql, outcome: await outcomeOf(service(), sql) }).toEqual({ sql, outcome: REFUSED });
    }
  });
});

describe.each(schemas)('the migrator of %s', (schema) => {
  const migrator = () => clientOf(`${schema}_migrator`);

  it('changes its own schema, and the service may use the new tables', async () => {
    await migrator().query(`CREATE TABLE ${schema}.later (id bigserial PRIMARY KEY)`);
    await migrator().query(`ALTER TABLE ${schema}.later ADD COLUMN name text`);
    await migrator().query(`CREATE INDEX later_name ON ${schema}.later (name)`);
    await clientOf(`${schema}_service`).query(`INSERT INTO ${schema}.later (name) VALUES ('a')`);
    await migrator().query(`DROP TABLE ${schema}.later`);
  });

  it.each(schemas.filter((other) => other !== schema))('has no permissions in %s', async (other) => {
    for (const sql of [
      `SELECT * FROM ${other}.thing`,
      `CREATE TABLE ${other}.mine (id integer)`,
      `DROP TABLE ${other}.thing`,
    ]) {
      expect({ sql, outcome: await outcomeOf(migrator(), sql) }).toEqual({ sql, outcome: REFUSED });
    }
  });
});
