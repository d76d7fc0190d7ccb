import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createDatabaseWithSchemas, createRoles, withClient } from '../../../dev/processes/postgres-setup.ts';
import { readOrMakeSecrets } from '../../../dev/secrets.ts';
import { databases, type ServiceName } from '../../../dev/topology/names.ts';
import { root } from '../../../dev/topology/paths.ts';
import { aClient, Clients, openChat } from '../../e2e/client.ts';
import { startSystem, waitFor, type TestSystem, type TokenSubject } from '../../helpers/index.ts';
import {
  debianPostgres,
  embeddedPostgres,
  startPostgresServer,
  type PostgresServer,
} from '../../helpers/postgres-server.ts';

// Runs the commands of infra/docs/operations/backup.md in a folder whose `.data` is that of `npm start`.

const page = await readFile(join(root, 'infra/docs/operations/backup.md'), 'utf8');
const names: ServiceName[] = ['chat-service', 'message-service', 'presence-service', 'webhook-service'];
const withDebian = debianPostgres === undefined ? it.skip : it;
if (debianPostgres === undefined)
  console.log(
    'There is no postgresql-15 on this machine: dumps are not tried. apt-get install postgresql-15',
  );

let folder: string;
const stops: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchboard-backup-'));
  await symlink(join(root, 'infra'), join(folder, 'infra'));
  mkdirSync(join(folder, '.data'));
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await rm(folder, { recursive: true, force: true });
});

/** The commands below a heading of the page, in order. */
function commandsUnder(heading: string): string[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  return [...section.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
}

/** Runs them in one shell. */
const run = (commands: readonly string[], env: Record<string, string> = {}): Promise<unknown> =>
  promisify(execFile)('bash', ['-euc', commands.join('\n')], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: [debianPostgres, join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
      ...env,
    },
  });

interface Known {
  readonly owner: TokenSubject;
  readonly chatId: string;
}

async function withClients(system: TestSystem, work: (clients: Clients) => Promise<void>): Promise<void> {
  const clients = new Clients(system);
  try {
    await work(clients);
  } finally {
    clients.closeAll();
  }
}

async function writeChat(system: TestSystem): Promise<Known> {
  const owner = aClient();
  const chatId = await openChat(system, owner);
  await withClients(system, async (clients) => {
    const client = await clients.connect(owner);
    for (const text of ['a', 'b', 'c']) await client.request('sendMessage', { chatId, message: { text } });
  });
  return { owner, chatId };
}

/** The known chat is whole and continues; other services learn of a new one. */
async function expectRestored(system: TestSystem, { owner, chatId }: Known): Promise<void> {
  await withClients(system, async (clients) => {
    const client = await clients.connect(owner);
    const { data } = await client.request('joinChat', { chatId });
    expect(data.messages.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    await client.request('sendMessage', { chatId, message: { text: 'd' } });
    expect(await client.receives('newMessage', ({ text }) => text === 'd')).toMatchObject({ seq: 4 });
    const another = await openChat(system, owner);
    await waitFor(
      async () =>
        (await client.request('sendMessage', { chatId: another, message: { text: 'new' } })).code ===
        undefined,
      { what: 'message-service to learn of a new chat', everyMs: 200 },
    );
  });
}

it('restores a cold copy of the data folder', async () => {
  const dataDir = join(folder, '.data');
  const system = await startSystem({ dataDir, keep: true });
  const known = await writeChat(system);
  if (debianPostgres !== undefined)
    await run([...commandsUnder('A logical dump').slice(0, -1), 'psql "$SOURCE" -c "SELECT FROM chat.chat"']);
  await system.stop();
  await run(commandsUnder('On one machine'));
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['backup', '.data.old']));

  const restored = await startSystem({ dataDir, keep: true });
  stops.push(() => restored.stop());
  await expectRestored(restored, known);
}, 120_000);

async function startServer(bin: string | undefined): Promise<PostgresServer> {
  if (bin === undefined) throw new Error('there is no such Postgres');
  const server = await startPostgresServer(bin);
  stops.push(() => server.stop());
  return server;
}

/** The source has counted further than the target, as after a while in use. */
const USE_TRANSACTION_IDS =
  'DO $$ BEGIN FOR i IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$';

withDebian.each([
  ["Debian's Postgres 15", debianPostgres],
  ['the embedded Postgres', embeddedPostgres()],
])(
  "restores a dump of Debian's Postgres 15 in %s, roles first",
  async (_, bin) => {
    const dataDir = join(folder, '.data');
    const passwords = readOrMakeSecrets(dataDir).postgres;
    const [source, target] = [await startServer(debianPostgres), await startServer(bin)];
    const urlsOf = (server: PostgresServer, as: 'migrator' | 'service'): Record<string, string> =>
      Object.fromEntries(
        names.map((name) => {
          const role = databases[name][as];
          const url = Object.assign(new URL(server.adminUrl), {
            username: role,
            password: passwords[role],
            pathname: '/switchboard',
          });
          return [databases[name].variable, url.href];
        }),
      );
    await withClient(source.adminUrl, (client) => client.query(USE_TRANSACTION_IDS));
    await createRoles(source.adminUrl, passwords);
    await createDatabaseWithSchemas(source.adminUrl, 'switchboard');
    const system = await startSystem({
      dataDir,
      keep: true,
      env: urlsOf(source, 'migrator'),
    });
    const known = await writeChat(system);
    const SOURCE = source.adminUrl.replace(/postgres$/, 'switchboard');
    await run(commandsUnder('A logical dump').slice(-1), { SOURCE });
    await system.stop();

    await run(commandsUnder('A logical restore'), { TARGET: target.adminUrl.replace(/\/postgres$/, '') });
    const restored = await startSystem({ dataDir, keep: true, env: urlsOf(target, 'service') });
    stops.unshift(() => restored.stop());
    await expectRestored(restored, known);
    // New entries follow the restored ones.
    const { rows } = await withClient(target.adminUrl.replace(/postgres$/, 'switchboard'), (client) =>
      client.query<{ rev: number }>(
        'SELECT rev FROM message.chat_log WHERE chat_id = $1 ORDER BY xact, position',
        [known.chatId],
      ),
    );
    const revs = rows.map(({ rev }) => rev);
    expect(revs.length).toBeGreaterThan(3);
    expect(revs).toEqual(revs.toSorted((a, b) => a - b));
  },
  180_000,
);
