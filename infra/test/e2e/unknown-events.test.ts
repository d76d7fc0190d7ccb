import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  canOpenRabbit,
  EventConsumer,
  openRabbit,
  scrape,
  startSystem,
  waitFor,
  WITHOUT_WEBHOOKS,
  type SharedRabbit,
  type TestSystem,
} from '../helpers/index.ts';
import { withDatabase } from '../helpers/system-database.ts';
import { aClient, anAdmin, Clients, openChat } from './client.ts';
import { HttpUser } from './http-client.ts';

// An entry of a kind that only a newer version knows must not stop any reader of this version. Two owners
// have logs; each test writes the invented kind into both, as a newer replica would: the row's counter and
// the entry in one statement.

const INVENTED = 'inventedByTheNextVersion';
const counterOf = { chat: 'version', message: 'rev' } as const;

(canOpenRabbit ? describe : describe.skip)('an entry of an unknown kind', () => {
  const exchange = `test.${randomUUID()}`;
  let rabbit: SharedRabbit;
  let system: TestSystem;
  let clients: Clients;
  let consumer: EventConsumer;

  beforeAll(async () => {
    rabbit = await openRabbit();
    consumer = await (await EventConsumer.bind(rabbit.url, exchange)).consume();
    system = await startSystem({
      replicas: 'gateway=2',
      only: WITHOUT_WEBHOOKS,
      env: { AMQP_URL: rabbit.url, AMQP_EXCHANGE: exchange, OTEL_METRICS_EXPORTER: 'prometheus' },
    });
    clients = new Clients(system);
  }, 120_000);
  afterEach(() => {
    clients.closeAll();
  });
  afterAll(async () => {
    await consumer.close();
    await system.stop();
    await rabbit.stop();
  }, 60_000);

  const owner = aClient();
  const agent = anAdmin();

  /** Once the owner knows of the chat: message-service learns of it a moment after it was opened. */
  const invent = (schema: 'chat' | 'message', chatId: string): Promise<unknown> =>
    waitFor(
      () =>
        withDatabase(system, async (client) => {
          const { rowCount } = await client.query(
            `WITH counted AS (UPDATE ${schema}.chat SET ${counterOf[schema]} = ${counterOf[schema]} + 1 WHERE id = $1 RETURNING ${counterOf[schema]} AS rev)
       INSERT INTO ${schema}.chat_log (chat_id, rev, event, payload) SELECT $1, rev, $2, '{"seq": 1}' FROM counted`,
            [chatId, INVENTED],
          );
          return rowCount === 1;
        }),
      { what: `an entry in the log of ${schema}` },
    );
  const inventInBoth = async (chatId: string): Promise<void> => {
    await invent('message', chatId);
    await invent('chat', chatId);
  };
  const skippedBy = async (instance: string): Promise<number> =>
    (await scrape(system, instance)).sum('switchboard_log_unknown_events_total');
  const loggedKinds = async (): Promise<string[]> =>
    (await readFile(system.log, 'utf8'))
      .split('\n')
      .filter((line) => line.includes('skipped an event of an unknown kind'));

  const untilUnrouted = (schema: 'chat' | 'message') =>
    waitFor(
      () =>
        withDatabase(system, async (postgres) => {
          const { rows } = await postgres.query(`SELECT event FROM ${schema}.relay_unrouted`);
          return isDeepStrictEqual(rows, [{ event: INVENTED }]);
        }),
      { what: `the relay of ${schema} to note the kind as unrouted` },
    );

  it('is passed by joined sockets: what follows it arrives, in order, on every gateway', async () => {
    const chatId = await openChat(system, owner);
    const [client, admin] = await Promise.all([clients.connect(owner), clients.connect(agent, 1)]);
    for (const one of [client, admin]) await one.request('joinChat', chatId);
    await client.request('sendMessage', { chatId, message: { text: 'before' } });
    await inventInBoth(chatId);
    await client.request('sendMessage', { chatId, message: { text: 'after' } });
    await new HttpUser(system, agent).patch(chatId, { status: 'ACTIVE', adminId: agent.id });
    for (const one of [client, admin]) {
      await one.receives('newMessage', ({ text }) => text === 'after');
      await one.receives('chatStatusChanged', ({ status }) => status === 'ACTIVE');
      expect(one.payloads('newMessage').map(({ text }) => text)).toEqual(['before', 'after']);
    }
  });

  it('is no gap for ever when it is the last: the gateway reads past it and waits for nothing', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    await client.request('joinChat', chatId);
    const before = await skippedBy('gateway');
    await inventInBoth(chatId);
    await waitFor(async () => (await skippedBy('gateway')) >= before + 2, {
      what: 'the gateway to skip both entries',
      everyMs: 100,
    });
    expect((await scrape(system, 'gateway')).sum('switchboard_gateway_entries_behind')).toBe(0);
  });

  it('is passed by catch-up: what was missed on both sides of it comes, page by page', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const { data: first } = await client.request('sendMessage', { chatId, message: { text: '1' } });
    await inventInBoth(chatId);
    for (let sent = 0; sent < 600; sent += 100)
      await Promise.all(
        Array.from({ length: 100 }, () =>
          client.request('sendMessage', { chatId, message: { text: 'missed' } }),
        ),
      );
    await new HttpUser(system, agent).patch(chatId, { status: 'ACTIVE', adminId: agent.id });
    const page = (await client.request('joinChat', { chatId, after: first.id })).data;
    expect(page).toMatchObject({ recovered: true, hasMore: true });
    expect(page.statusChanges).toMatchObject([{ chatId, status: 'ACTIVE', adminId: agent.id }]);
    const rest = (await client.request('joinChat', { chatId, cursor: page.cursor })).data;
    expect([...page.messages, ...rest.messages].map(({ seq }) => seq)).toEqual(
      Array.from({ length: 600 }, (_, index) => index + 2),
    );
    expect(rest.hasMore).toBe(false);
  }, 60_000);

  it('does not stop message-service from following chats: a close holds behind it', async () => {
    const chatId = await openChat(system, owner);
    await invent('chat', chatId);
    await new HttpUser(system, agent).patch(chatId, { status: 'CLOSED' });
    const client = await clients.connect(owner);
    expect(await client.request('sendMessage', { chatId, message: { text: 'too late' } })).toMatchObject({
      event: 'error',
      code: 'CHAT_CLOSED',
    });
  });

  it('does not stop the relay: what follows it leaves, and the kind waits for a replica that knows it', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    await inventInBoth(chatId);
    await client.request('sendMessage', { chatId, message: { text: 'after' } });
    await new HttpUser(system, agent).patch(chatId, { status: 'ACTIVE', adminId: agent.id });
    const events = await consumer.untilReceived(chatId, 4);
    expect(events.map(({ type, sequence }) => [type, Number(sequence)])).toEqual(
      expect.arrayContaining([
        ['switchboard.chat.opened.v1', 1],
        ['switchboard.chat.status_changed.v1', 3],
        ['switchboard.chat.assigned.v1', 4],
        ['switchboard.message.created.v1', 2],
      ]),
    );
    for (const schema of ['chat', 'message'] as const) await untilUnrouted(schema);
  });

  it('is counted by every process that met it, and logged by each once', async () => {
    for (const instance of ['gateway', 'gateway-2', 'chat-service', 'message-service'])
      expect(await skippedBy(instance)).toBeGreaterThan(0);
    const lines = await loggedKinds();
    // Owners render and relay: two readers in one process, each logs a kind once. A gateway meets the kind,
    // or what stands for it.
    expect(lines.length).toBeGreaterThanOrEqual(6);
    expect(lines.length).toBeLessThanOrEqual(8);
  });
});
