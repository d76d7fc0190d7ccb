import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  cloudEventOf,
  integrationEvents,
  type CloudEvent,
  type IntegrationEvent,
} from '@switchboard/shared/contracts';
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
import { startTracePage, type TracePage } from '../../dev/traces/server.ts';
import { aClient, anAdmin, Clients, openChat } from './client.ts';
import { HttpUser } from './http-client.ts';
import { metricsNamed } from '../deploy/otel/metrics-named.ts';

// The events that other systems receive over a real RabbitMQ, from the whole system.

(canOpenRabbit ? describe : describe.skip)('integration events', () => {
  const exchange = `test.${randomUUID()}`;
  let rabbit: SharedRabbit;
  let page: TracePage;
  let system: TestSystem;
  let clients: Clients;
  let consumer: EventConsumer;

  beforeAll(async () => {
    [rabbit, page] = await Promise.all([openRabbit(), startTracePage({ port: 0 })]);
    system = await startSystem({
      only: WITHOUT_WEBHOOKS,
      env: {
        AMQP_URL: rabbit.url,
        AMQP_EXCHANGE: exchange,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${page.port}/v1/traces`,
        OTEL_TRACES_SAMPLER_ARG: '1',
        OTEL_BSP_SCHEDULE_DELAY: '100',
        OTEL_METRICS_EXPORTER: 'prometheus',
      },
    });
    clients = new Clients(system);
    consumer = await (await EventConsumer.bind(rabbit.url, exchange, ['message.*'])).consume();
    await openChat(system, owner);
    // No queue is bound to these yet.
    await untilTold('chat-service', 'switchboard_relay_unrouted_seconds');
    await consumer.bindKey(exchange, 'chat.*');
  }, 120_000);
  afterEach(() => {
    clients.closeAll();
  });
  afterAll(async () => {
    await consumer.close();
    await system.stop();
    await page.stop();
    await rabbit.stop();
  }, 60_000);

  const owner = aClient();
  const agent = anAdmin();
  const untilTold = (instance: string, name: string) =>
    waitFor(async () => (await scrape(system, instance)).names.has(name), {
      what: `${name} of ${instance}`,
      everyMs: 100,
    });

  it('feed every relay metric of the dashboard, the rules and the docs', async () => {
    const names = metricsNamed().filter((name) => name.startsWith('switchboard_relay_'));
    expect(names).toHaveLength(4);
    for (const name of names.filter((one) => one !== 'switchboard_relay_unrouted_seconds'))
      await untilTold('chat-service', name);
  });

  it("describe a chat's life in order, with the fields that other systems need", async () => {
    const chatId = await openChat(system, owner);
    const [client, admin] = await Promise.all([clients.connect(owner), clients.connect(agent)]);
    const file = await new HttpUser(system, owner).uploadFile('a picture', 'a.png', 'image/png');
    await new HttpUser(system, agent).patch(chatId, { status: 'ACTIVE', adminId: agent.id });
    const { data: first } = await client.request('sendMessage', {
      chatId,
      message: { text: 'hello', fileId: file.id },
    });
    const { data: reply } = await admin.request('sendMessage', {
      chatId,
      message: { text: 'yes?', replyToId: first.id },
    });
    await client.request('readMessages', { chatId, messageIds: [reply.id] });
    await new HttpUser(system, agent).patch(chatId, { adminId: 4_711 });
    await new HttpUser(system, agent).patch(chatId, { status: 'CLOSED' });
    const events = await consumer.untilReceived(chatId, 9);
    const of = (source: string): CloudEvent[] =>
      events.filter((event) => event.source === `/switchboard/${source}`);
    const changed = { at: expect.any(String), by: agent.id };
    expect(of('chat-service').map(({ type, sequence, data }) => [type, Number(sequence), data])).toEqual([
      ['switchboard.chat.opened.v1', 1, { chatId, clientId: owner.id }],
      ['switchboard.chat.status_changed.v1', 2, { chatId, status: 'ACTIVE', adminId: agent.id, ...changed }],
      ['switchboard.chat.assigned.v1', 3, { chatId, adminId: agent.id, ...changed }],
      ['switchboard.chat.assigned.v1', 4, { chatId, adminId: 4_711, ...changed }],
      ['switchboard.chat.status_changed.v1', 5, { chatId, status: 'CLOSED', adminId: 4_711, ...changed }],
    ]);
    const { fileUrl, ...message } = first;
    expect(fileUrl).toBeDefined();
    expect(of('message-service').map(({ type, sequence, data }) => [type, Number(sequence), data])).toEqual([
      ['switchboard.message.created.v1', 1, { ...message, fileId: file.id }],
      ['switchboard.message.created.v1', 2, { ...reply, replyTo: undefined }],
      ['switchboard.message.read.v1', 3, { chatId, userId: owner.id, messageIds: [reply.id] }],
      [
        'switchboard.message.read_mark_moved.v1',
        4,
        { chatId, userId: owner.id, seq: reply.seq, at: expect.any(String) },
      ],
    ]);
    const contracts: readonly IntegrationEvent[] = Object.values(integrationEvents);
    for (const event of events)
      expect(contracts.filter((contract) => cloudEventOf(contract).safeParse(event).success)).toHaveLength(1);
  });

  it('belong to the trace of the request', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const { traceId } = await client.request('sendMessage', { chatId, message: { text: 'hello' } });
    const publish = await waitFor(
      () => page.store.get(traceId ?? '').find(({ name }) => name === `publish ${exchange}`),
      { what: 'the publication in the trace' },
    );
    expect(publish.kind).toBe('producer');
    expect(page.store.get(traceId ?? '').find(({ spanId }) => spanId === publish.parentSpanId)?.name).toBe(
      'commit',
    );
    const events = await consumer.untilReceived(chatId, 2);
    expect(events.find(({ type }) => type === 'switchboard.message.created.v1')?.traceparent).toBe(
      `00-${String(traceId)}-${publish.spanId}-01`,
    );
  });
});
