import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { roomEvents } from '@switchboard/shared/contracts';
import { withDatabase } from '../helpers/system-database.ts';
import { scrape, startSystem, waitFor, type TestSystem } from '../helpers/index.ts';
import { countersOfRules, missingSeries } from '../deploy/otel/counters.ts';
import { metricsNamed } from '../deploy/otel/metrics-named.ts';
import { startTracePage, type TracePage } from '../../dev/traces/server.ts';
import { aClient, anAdmin, Clients, openChat } from './client.ts';
import { treeOf } from './trace-tree.ts';

const owner = aClient();
const agent = anAdmin();

describe('without sampling', () => {
  let page: TracePage;
  let system: TestSystem;
  let clients: Clients;
  beforeAll(async () => {
    page = await startTracePage({ port: 0 });
    system = await startSystem({
      env: {
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${page.port}/v1/traces`,
        OTEL_TRACES_SAMPLER_ARG: '0',
        TRACES_SLOW_MS: '300',
        OTEL_BSP_SCHEDULE_DELAY: '100',
        OTEL_METRICS_EXPORTER: 'prometheus',
      },
    });
    clients = new Clients(system);
  }, 90_000);
  afterAll(async () => {
    clients.closeAll();
    await system.stop();
    await page.stop();
  }, 60_000);

  const kept = async (traceId: string | undefined, lines: number): Promise<string[]> => {
    const now = () => treeOf(page.store.get(traceId ?? ''));
    await waitFor(() => now().length >= lines, { what: `${lines} spans` });
    return now();
  };

  it('a slow trace is kept, from the gateway down to the slow span', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const fast = await client.request('sendMessage', { chatId, message: { text: 'fast' } });
    await withDatabase(system, async (database) => {
      await database.query('BEGIN');
      await database.query('SELECT 1 FROM message.chat WHERE id = $1 FOR UPDATE', [chatId]);
      const request = client.request('sendMessage', { chatId, message: { text: 'slow' } });
      await waitFor(
        async () =>
          (await database.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).rowCount ===
          1,
        { what: 'the send to wait' },
      );
      await new Promise((resolve) => {
        setTimeout(resolve, 350);
      });
      await database.query('COMMIT');
      const slow = await request;
      expect(slow.event).toBe('messageSent');
      expect(await kept(slow.traceId, 4)).toEqual([
        'server gateway sendMessage',
        '  client gateway message.v1.send',
        '    server message-service message.v1.send',
        '      internal message-service commit',
      ]);
      const commit = page.store.get(slow.traceId ?? '').find(({ name }) => name === 'commit');
      expect(treeOf(page.store.get(commit?.links[0]?.traceId ?? ''))).toEqual([
        'internal message-service commit sends',
      ]);
    });
    expect(page.store.get(fast.traceId ?? '')).toEqual([]);
  });

  it('a failed trace is kept as far as it went; a mistake of the client is not', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const refused = await client.request('sendMessage', { chatId, message: { text: '' } });
    const { pid = 0 } = (await system.processes()).find(({ name }) => name === 'message-service') ?? {};
    process.kill(pid, 'SIGSTOP');
    const failed = await client.request('sendMessage', { chatId, message: { text: 'into the void' } });
    process.kill(pid, 'SIGCONT');
    expect([refused.code, failed.code]).toEqual(['VALIDATION', 'TIMEOUT']);
    expect((await kept(failed.traceId, 2)).slice(0, 2)).toEqual([
      'server gateway sendMessage TIMEOUT',
      '  client gateway message.v1.send TIMEOUT',
    ]);
    expect(page.store.get(refused.traceId ?? '')).toEqual([]);
    await waitFor(
      async () =>
        (await client.request('sendMessage', { chatId, message: { text: 'again' } })).event === 'messageSent',
      { what: 'message-service to be back' },
    );
  });

  it('metrics are complete: events by outcome, delivery to sockets, rooms, batches, pools, leases', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const admin = await clients.connect(agent);
    for (const socket of [client, admin]) await socket.request('joinChat', { chatId });
    for (let n = 0; n < 5; n++) await client.request('sendMessage', { chatId, message: { text: `${n}` } });
    await client.request('sendMessage', { chatId, message: { text: '' } });
    client.socket.emit('of my own invention');
    await admin.receives('newMessage', ({ text }) => text === '4');

    const gateway = await scrape(system, 'gateway');
    expect(
      gateway.sum('switchboard_event_duration_seconds_count', { event: 'sendMessage', outcome: 'ok' }),
    ).toBeGreaterThanOrEqual(5);
    expect(
      gateway.sum('switchboard_event_duration_seconds_count', {
        event: 'sendMessage',
        outcome: 'VALIDATION',
      }),
    ).toBeGreaterThanOrEqual(1);
    expect(
      gateway.sum('switchboard_event_duration_seconds_count', {
        event: 'unknown event',
        outcome: 'UNKNOWN_EVENT',
      }),
    ).toBe(1);
    expect(gateway.sum('switchboard_delivery_duration_seconds_count', { event: 'newMessage' })).toBe(5);
    expect(gateway.sum('switchboard_room_events_delivered_total', { event: 'newMessage' })).toBe(5);
    expect(gateway.sum('switchboard_gateway_rooms')).toBe(1);
    expect(gateway.sum('switchboard_gateway_entries_behind')).toBe(0);
    expect(
      gateway.sum('rpc_client_call_duration_seconds_count', { rpc_method: 'message.v1.send' }),
    ).toBeGreaterThanOrEqual(5);
    expect(
      gateway.sum('switchboard_nats_connected', { service_name: 'gateway', service_instance_id: 'gateway' }),
    ).toBe(1);
    expect(gateway.sum('target_info', { service_name: 'gateway', service_version: '0.1.0' })).toBe(1);

    const messages = await scrape(system, 'message-service');
    expect(messages.sum('switchboard_message_batch_size_count')).toBeGreaterThanOrEqual(5);
    expect(
      messages.sum('rpc_server_call_duration_seconds_count', { rpc_method: 'message.v1.send' }),
    ).toBeGreaterThanOrEqual(5);
    expect(
      messages.sum('switchboard_postgres_work_duration_seconds_count', { outcome: 'ok' }),
    ).toBeGreaterThanOrEqual(5);
    expect(messages.sum('db_client_connection_count')).toBeGreaterThanOrEqual(1);
    expect(
      messages.sum('switchboard_room_events_published_total', { event: 'newMessage' }),
    ).toBeGreaterThanOrEqual(5);

    const presence = await scrape(system, 'presence-service');
    expect(presence.sum('switchboard_presence_leases')).toBe(1);
  });

  it('a process exports every metric of the dashboard, the rules and the docs, except those that need RabbitMQ', async () => {
    const scrapes = await Promise.all(
      ['gateway', 'chat-service', 'message-service', 'presence-service'].map((instance) =>
        scrape(system, instance),
      ),
    );
    const names = new Set(scrapes.flatMap((one) => [...one.names]));
    expect(
      metricsNamed().filter((name) => !names.has(name) && !/^switchboard_(relay|webhook)_/.test(name)),
    ).toEqual([]);
  });
});

describe('with metrics alone', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startSystem({ env: { OTEL_METRICS_EXPORTER: 'prometheus' } });
  }, 90_000);
  afterAll(() => system.stop(), 60_000);

  it('each counter of an alert exists from the start, before anything happened', async () => {
    const scrapes = await Promise.all(
      ['gateway', 'chat-service', 'message-service', 'presence-service'].map((instance) =>
        scrape(system, instance),
      ),
    );
    const counters = countersOfRules().filter(({ name }) => !name.startsWith('switchboard_webhook_'));
    expect(counters.map(({ name }) => name)).toContain('switchboard_room_events_delivered_total');
    expect(missingSeries(counters, scrapes)).toEqual([]);
    const [gateway] = scrapes;
    const delivered = gateway?.samples.filter(
      ({ name }) => name === 'switchboard_room_events_delivered_total',
    );
    expect(delivered?.map(({ labels }) => labels['event']).sort()).toEqual(
      roomEvents.map(({ event }) => event).sort(),
    );
  });

  it('requests are counted by route; a request whose client left is not a success', async () => {
    await openChat(system, owner);
    const { hostname, port } = new URL(system.url);
    const broken = connect(Number(port), hostname);
    broken.write(
      `POST /api/v1/chats HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${system.token(owner)}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
      () => {
        broken.destroy();
      },
    );
    const route = { http_route: '/api/v1/chats', http_request_method: 'POST' };
    await waitFor(
      async () =>
        (await scrape(system, 'gateway')).sum('http_server_request_duration_seconds_count', {
          http_response_status_code: '499',
        }) === 1,
      { what: 'the broken request to be counted' },
    );
    const gateway = await scrape(system, 'gateway');
    expect(
      gateway.sum('http_server_request_duration_seconds_count', {
        ...route,
        http_response_status_code: '201',
      }),
    ).toBe(1);
    expect(
      gateway.sum('http_server_request_duration_seconds_count', { http_response_status_code: '200' }),
    ).toBe(0);
  });

  it('a request that could not be sent is counted as failed, once', async () => {
    const clients = new Clients(system);
    const client = await clients.connect(owner);
    const chatId = await openChat(system, owner);
    await client.request('getActiveUsers', chatId);
    const { pid = 0 } = (await system.processes()).find(({ name }) => name === 'nats') ?? {};
    process.kill(pid, 'SIGSTOP');
    await waitFor(async () => (await scrape(system, 'gateway')).sum('switchboard_nats_connected') === 0, {
      what: 'the gateway to notice',
      timeoutMs: 10_000,
    });
    const before = (await scrape(system, 'gateway')).sum('rpc_client_call_duration_seconds_count', {
      rpc_method: 'presence.v1.listActive',
      error_type: 'UNAVAILABLE',
    });
    for (let n = 0; n < 5; n++)
      expect((await client.request('getActiveUsers', chatId)).code).toBe('UNAVAILABLE');
    expect(
      (await scrape(system, 'gateway')).sum('rpc_client_call_duration_seconds_count', {
        rpc_method: 'presence.v1.listActive',
        error_type: 'UNAVAILABLE',
      }),
    ).toBe(before + 5);
    process.kill(pid, 'SIGCONT');
    clients.closeAll();
  });
});
