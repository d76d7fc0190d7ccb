import { randomUUID } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import {
  createDatabase,
  canStartRabbit,
  startPreparedRabbit,
  waitFor,
  type PreparedRabbit,
  type TestDatabase,
} from '../helpers/index.ts';

(canStartRabbit ? describe : describe.skip)('the example consumer', () => {
  let rabbit: PreparedRabbit;
  let url: string;
  let database: TestDatabase;
  let connection: ChannelModel;
  let channel: ConfirmChannel;
  const running = new Set<ChildProcess>();

  beforeAll(async () => {
    [rabbit, database] = await Promise.all([startPreparedRabbit(), createDatabase()]);
    url = await rabbit.addConsumer();
    connection = await connect(rabbit.url);
    channel = await connection.createConfirmChannel();
  }, 90_000);
  afterEach(() => Promise.all([...running].map(stop)));
  afterAll(async () => {
    await connection.close();
    await rabbit.stop();
    await database.drop();
  });

  function run(...args: readonly string[]): ChildProcess {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('../../docs/examples/consumer.ts', import.meta.url)), ...args],
      {
        env: { ...process.env, AMQP_URL: url, DATABASE_URL: database.url('postgres') },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    running.add(child);
    child.on('exit', () => running.delete(child));
    return child;
  }

  async function start(): Promise<ChildProcess> {
    const child = run();
    if (child.stdout !== null) await once(child.stdout, 'data');
    return child;
  }

  async function stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async function publish(
    count: number,
    change: Record<string, unknown> = {},
    ids: readonly string[] = Array.from({ length: count }, () => randomUUID()),
  ): Promise<readonly string[]> {
    const chatId = randomUUID();
    for (const id of ids) {
      const data = {
        id: randomUUID(),
        chatId,
        seq: 1,
        senderId: 7,
        text: 'hello',
        createdAt: '2026-03-14T12:00:00.000Z',
      };
      const event = {
        specversion: '1.0',
        id,
        source: '/switchboard/message-service',
        type: 'switchboard.message.created.v1',
        subject: chatId,
        time: '2026-03-14T12:00:00.000Z',
        datacontenttype: 'application/json',
        sequence: '0000000001',
        data,
      };
      channel.publish(
        'switchboard.events',
        'message.created',
        Buffer.from(JSON.stringify({ ...event, ...change })),
        { messageId: id, persistent: true, mandatory: true },
      );
    }
    await channel.waitForConfirms();
    return ids;
  }

  const counted = async (): Promise<number> =>
    Number(
      (await database.query<{ sum: string | null }>('SELECT sum(messages) FROM analytics.day')).rows[0]
        ?.sum ?? 0,
    );
  const dead = async (): Promise<number> => (await channel.checkQueue('analytics.dead')).messageCount;

  it('counts each event once, also when it is killed repeatedly and receives everything twice', async () => {
    await start();
    const ids = await publish(400);
    await publish(400, {}, ids);
    for (let kills = 0; kills < 3; kills++) {
      await waitFor(async () => (await counted()) > 100 * kills, { what: 'some events to be counted' });
      await Promise.all([...running].map(stop));
      await start();
    }
    await waitFor(
      async () => (await channel.checkQueue('analytics')).messageCount === 0 && (await counted()) === 400,
      { what: 'all events to be counted', timeoutMs: 20_000 },
    );
    await publish(1);
    await waitFor(async () => (await counted()) === 401, { what: 'one more' });
  }, 60_000);

  it('dead-letters an event that always fails, continues with the rest, and retries it on replay', async () => {
    await start();
    const before = await counted();
    await publish(1, { data: { nothing: 'of use' } });
    await publish(1, { specversion: '2' });
    await database.query(
      'ALTER TABLE analytics.day ADD CONSTRAINT few CHECK (messages < $1) NOT VALID'.replace(
        '$1',
        String(before + 1),
      ),
    );
    await publish(3);
    await waitFor(async () => (await dead()) === 5, { what: 'five dead letters', timeoutMs: 20_000 });
    await database.query('ALTER TABLE analytics.day DROP CONSTRAINT few');
    await publish(1);
    await waitFor(async () => (await counted()) === before + 1, { what: 'later events to be counted' });
    const [code] = (await once(run('redrive'), 'exit')) as unknown[];
    expect(code).toBe(0);
    await waitFor(async () => (await counted()) === before + 4, {
      what: 'the replayed events that now succeed',
      timeoutMs: 20_000,
    });
    await waitFor(async () => (await dead()) === 2, {
      what: 'the events that still fail',
      timeoutMs: 20_000,
    });
  }, 60_000);
});
