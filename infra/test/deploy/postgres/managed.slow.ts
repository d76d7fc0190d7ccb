import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newPostgresPasswords } from '../../../dev/passwords.ts';
import { createDatabaseWithSchemas, createRoles, withClient } from '../../../dev/processes/postgres-setup.ts';
import { databases, type PostgresRole, type ServiceName } from '../../../dev/topology/names.ts';
import { aClient, Clients, openChat } from '../../e2e/client.ts';
import { startSystem } from '../../helpers/index.ts';
import {
  debianPostgres,
  embeddedPostgres,
  startPostgresServer,
  type PostgresServer,
} from '../../helpers/postgres-server.ts';
import { runService } from '../../helpers/service-programs.ts';

// Managed Postgres gives no superuser: the operator's role may create roles and databases, and owns nothing
// else.

const names: ServiceName[] = ['chat-service', 'message-service', 'presence-service', 'webhook-service'];
const afterLogicalRestore = await readFile(
  new URL('../../../deploy/postgres/after-logical-restore.sql', import.meta.url),
  'utf8',
);
if (debianPostgres === undefined)
  console.log(
    'There is no postgresql-15 on this machine: its tests are skipped. apt-get install postgresql-15',
  );

describe.each([
  ['the embedded Postgres', embeddedPostgres()],
  ["Debian's Postgres 15", debianPostgres],
])('%s without a superuser', (_, bin) => {
  const test = bin === undefined ? it.skip : it;
  const passwords = newPostgresPasswords();
  let server: PostgresServer;
  let operatorUrl: string;
  beforeAll(async () => {
    if (bin === undefined) return;
    server = await startPostgresServer(bin);
    await withClient(server.adminUrl, (client) =>
      client.query(`CREATE ROLE operator LOGIN CREATEROLE CREATEDB PASSWORD 'operator'`),
    );
    operatorUrl = Object.assign(new URL(server.adminUrl), {
      username: 'operator',
      password: 'operator',
    }).href;
  }, 60_000);
  afterAll(async () => {
    if (bin !== undefined) await server.stop();
  });

  const urlFor = (role: PostgresRole): string =>
    Object.assign(new URL(server.adminUrl), {
      username: role,
      password: passwords[role],
      pathname: '/switchboard',
    }).href;

  test('the operator creates roles, schemas and tables, and the system runs with the roles of the services', async () => {
    await createRoles(operatorUrl, passwords);
    for (let run = 0; run < 2; run++) await createDatabaseWithSchemas(operatorUrl, 'switchboard');
    for (const name of names)
      expect(await runService(name, 'migrate', urlFor(databases[name].migrator))).toMatchObject({
        code: 0,
        stderr: '',
      });

    const system = await startSystem({
      env: Object.fromEntries(
        names.map((name) => [databases[name].variable, urlFor(databases[name].service)]),
      ),
    });
    const clients = new Clients(system);
    try {
      const owner = aClient();
      const chatId = await openChat(system, owner);
      const client = await clients.connect(owner);
      expect(await client.request('sendMessage', { chatId, message: { text: 'a' } })).toMatchObject({
        data: { text: 'a' },
      });
    } finally {
      clients.closeAll();
      await system.stop();
    }
  }, 120_000);

  test('the operator prepares a logical restore, and then reads no service data', async () => {
    const url = Object.assign(new URL(operatorUrl), { pathname: '/switchboard' }).href;
    await withClient(url, (client) => client.query(afterLogicalRestore));
    await expect(withClient(url, (client) => client.query('SELECT FROM message.message'))).rejects.toThrow(
      /permission denied/,
    );
  });
});
