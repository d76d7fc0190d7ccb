import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Leadership } from '@switchboard/shared/postgres';
import pg from 'pg';
import { databases, type ServiceName } from '../../../dev/topology/names.ts';
import { root } from '../../../dev/topology/paths.ts';
import { aClient, Clients, openChat } from '../../e2e/client.ts';
import {
  createDatabase,
  pgBouncerProgram,
  silent,
  startPgBouncer,
  startSystem,
  waitFor,
  type TestDatabase,
  type TestPooler,
} from '../../helpers/index.ts';
import { neededBy, runService } from '../../helpers/service-programs.ts';

// The table of poolers in infra/docs/operations/poolers.md, with a real PgBouncer in its default settings.

const names: ServiceName[] = ['chat-service', 'message-service', 'presence-service', 'webhook-service'];
const withPooler = pgBouncerProgram === undefined ? describe.skip : describe;
if (pgBouncerProgram === undefined)
  console.log('There is no pgbouncer on this machine: its tests are skipped. apt-get install pgbouncer');

const BATCHES = 10;

let database: TestDatabase;
let pooler: TestPooler | undefined;
beforeAll(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await pooler?.stop();
  pooler = undefined;
});
afterAll(() => database.drop());

withPooler('PgBouncer in session mode', () => {
  it('serves the whole system without special settings, also after a restart', async () => {
    const { url } = (pooler = await startPgBouncer('session', database));
    for (const name of names)
      expect(await runService(name, 'migrate', url(databases[name].migrator))).toMatchObject({
        code: 0,
        stderr: '',
      });
    const env = Object.fromEntries(
      names.map((name) => [databases[name].variable, url(databases[name].service)]),
    );

    for (const round of ['first', 'second']) {
      const system = await startSystem({ env });
      const clients = new Clients(system);
      try {
        const owner = aClient();
        const chatId = await openChat(system, owner);
        const client = await clients.connect(owner);
        for (let batch = 0; batch < BATCHES; batch++) {
          const replies = await Promise.all(
            Array.from({ length: 40 }, (_, index) =>
              client.request('sendMessage', { chatId, message: { text: `${round} ${batch}.${index}` } }),
            ),
          );
          expect(replies.filter(({ code }) => code !== undefined)).toEqual([]);
        }
      } finally {
        clients.closeAll();
        await system.stop();
      }
    }
    const { rows } = await database.query('SELECT count(*)::integer AS count FROM message.message');
    expect(rows).toEqual([{ count: 2 * BATCHES * 40 }]);
  }, 180_000);

  it('lets a replica lead after the leader froze', async () => {
    const { url } = (pooler = await startPgBouncer('session', database));
    const name = randomUUID();
    const program = join(root, 'shared/test/fixtures/lead.ts');
    const frozen = spawn(process.execPath, [program, url('chat_service'), name], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(frozen.stdout, 'data');
    const second = new Leadership({ url: url('chat_service'), name, logger: silent });
    try {
      frozen.kill('SIGSTOP');
      await waitFor(() => second.isHeld, { what: 'the other to lead' });
    } finally {
      await second.stop();
      frozen.kill('SIGKILL');
      await once(frozen, 'exit');
    }
  }, 30_000);
});

withPooler.each(['transaction', 'statement'] as const)('PgBouncer in %s mode', (mode) => {
  it.each(names)(
    '%s and its migrations refuse to start with one sentence',
    async (name) => {
      const { url } = (pooler = await startPgBouncer(mode, database));
      const { variable, migrator, service } = databases[name];
      const sentence = new RegExp(`^ {2}${variable} leads through a pooler .*session mode `, 'm');
      for (const [program, role] of [
        ['migrate', migrator],
        ['main', service],
      ] as const) {
        const ended = await runService(name, program, url(role), {
          ...neededBy[name],
          NATS_URL: 'nats://127.0.0.1:1',
        });
        expect(ended.code).toBe(78);
        expect(ended.stderr).toMatch(sentence);
      }
    },
    30_000,
  );

  it('is found while others use the pooler', async () => {
    const { url } = (pooler = await startPgBouncer(mode, database));
    const others = Array.from({ length: 10 }, () => new pg.Client({ connectionString: url('chat_service') }));
    await Promise.all(others.map((other) => other.connect()));
    let isOver = false;
    const use = others.map(async (other, index) => {
      while (!isOver) {
        await other.query('SELECT pg_sleep(0.001)');
        await sleep(index % 3);
      }
      await other.end();
    });
    const ended = await runService('chat-service', 'main', url('chat_service'), {
      NATS_URL: 'nats://127.0.0.1:1',
    });
    isOver = true;
    await Promise.all(use);
    expect(ended.code).toBe(78);
  }, 30_000);
});
