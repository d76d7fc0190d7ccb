import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { databases, type ServiceName } from '../../../dev/topology/names.ts';
import { createDatabase, startSystem, type TestDatabase } from '../../helpers/index.ts';
import { runService } from '../../helpers/service-programs.ts';

// Under which role migrations run, and what another role is told.

const names: ServiceName[] = ['chat-service', 'message-service', 'presence-service', 'webhook-service'];

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.drop());

const schemaOf = (name: ServiceName): string => databases[name].service.replace('_service', '');

it.each(names)(
  '%s: its role is enough when the schema is migrated, and is refused in one sentence when not',
  async (name) => {
    const { variable, migrator, service } = databases[name];
    const refused = await runService(name, 'migrate', database.url(service));
    expect(refused).toEqual({
      code: 78,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          `^migrations: The configuration is invalid:\\n  ${variable}: the role ${service} may not migrate .*permission denied.*42501.*` +
            `Migrate as the role ${migrator}, which owns the schema: name it in ${variable}\\. `,
        ),
      ),
    });

    expect(await runService(name, 'migrate', database.url(migrator))).toMatchObject({ code: 0 });
    expect(await runService(name, 'migrate', database.url(service))).toEqual({
      code: 0,
      stdout: `${schemaOf(name)}: up to date\n`,
      stderr: '',
    });
  },
);

it.each(names)(
  '%s: tables belong to the owner of the schema, also when a superuser migrates',
  async (name) => {
    const schema = schemaOf(name);
    expect(await runService(name, 'migrate', database.url('postgres'))).toMatchObject({ code: 0 });
    const { rows } = await database.query(
      `SELECT DISTINCT tableowner AS owner, has_table_privilege($2, format('%I.%I', schemaname, tablename), 'SELECT') AS readable
     FROM pg_tables WHERE schemaname = $1`,
      [schema, databases[name].service],
    );
    expect(rows).toEqual([{ owner: databases[name].migrator, readable: true }]);
  },
);

it('npm start with the role of a service ends with the sentence when its schema is not migrated', async () => {
  await expect(
    startSystem({ only: 'chat-service', env: { CHAT_DATABASE_URL: database.url('chat_service') } }),
  ).rejects.toThrow(
    /Migrate as the role chat_migrator, which owns the schema: name it in CHAT_DATABASE_URL\./,
  );
}, 60_000);

it('a migration that fails says why in a line, with the SQLSTATE and the statement', async () => {
  await database.query('CREATE TABLE chat.chat (id integer); ALTER TABLE chat.chat OWNER TO chat_migrator');
  const { code, stderr } = await runService('chat-service', 'migrate', database.url('chat_migrator'));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^CHAT_DATABASE_URL: migrating failed: relation "chat" already exists \(42P07\)\n/);
});
