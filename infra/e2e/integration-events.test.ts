import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { chatAssigned, chatOpened, chatStatusChanged, cloudEventOf, messagesRead, newMessage, type CloudEvent } from '@switchboard/shared/contracts';
import { canStartRabbit, EventConsumer, startRabbit, startSystem, waitFor, WITHOUT_WEBHOOKS, type TestRabbit, type TestSystem } from '../testing/index.ts';
import { startTracePage, type TracePage } from '../traces/server.ts';
import { aClient, anAdmin, Clients, openChat } from './client.ts';
import { HttpUser } from './http-client.ts';
import { metricsNamed } from '../otel/metrics-named.ts';
import { scrape } from './scrape.ts';

// What other systems get to know, over a real RabbitMQ, of what is done with the whole system.

(canStartRabbit ? describe : describe.skip)('integration events', () => {
  const exchange = `test.${randomUUID()}`;
  let rabbit: TestRabbit;
  let page: TracePage;
  let system: TestSystem;
  let clients: Clients;
  let consumer: EventConsumer;

  beforeAll(async () => {
    [rabbit, page] = await Promise.all([startRabbit(), startTracePage({ port: 0 })]);
    system = await startSystem({
      replicas: 'message-service=2', only: WITHOUT_WEBHOOKS,
      env: { AMQP_URL: rabbit.url, AMQP_EXCHANGE: exchange, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${page.port}/v1/traces`, OTEL_TRACES_SAMPLER_ARG: '1', OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_METRICS_EXPORTER: 'prometheus' },
    });
    clients = new Clients(system);
    consumer = await (await EventConsumer.bind(rabbit.url, exchange, ['message.*'])).consume();
    await openChat(system, owner);
    // Nobody wants these yet.
    await untilTold('chat-service', 'switchboard_relay_unrouted_seconds');
    await consumer.bindKey(exchange, 'chat.*');
  }, 120_000);
  afterEach(() => { clients.closeAll(); });
  afterAll(async () => {
    await consumer.close();
    await system.stop();
    await page.stop();
    await rabbit.stop();
  }, 60_000);

  const owner = aClient();
  const agent = anAdmin();
  const untilTold = (instance: string, name: string) => waitFor(async () => (await scrape(system, instance)).names.has(name), { what: `${name} of ${instance}`, everyMs: 100 });

  it('are seen in every metric that the dashboard, a rule or OPERATIONS.md names', async () => {
    const names = metricsNamed().filter((name) => name.startsWith('switchboard_relay_'));
    expect(names).toHaveLength(4);
    for (const name of names.filter((one) => one !== 'switchboard_relay_unrouted_seconds')) await untilTold('chat-service', name);
  });

  it('tell of a chat\'s life, in its order, with what other systems need', async () => {
    const chatId = await openChat(system, owner);
    const [client, admin] = await Promise.all([clients.connect(owner), clients.connect(agent)]);
    const file = await new HttpUser(system, owner).uploadFile('a picture', 'a.png', 'image/png');
    await new HttpUser(system, agent).patch(chatId, { status: 'ACTIVE', adminId: agent.id });
    const { data: first } = await client.ask('sendMessage', { chatId, message: { text: 'hello', fileId: file.id } });
    const { data: reply } = await admin.ask('sendMessage', { chatId, message: { text: 'yes?', replyToId: first.id } });
    await client.ask('readMessages', { chatId, messageIds: [reply.id] });
    await new HttpUser(system, agent).patch(chatId, { adminId: 4_711 });
    await new HttpUser(system, agent).patch(chatId, { status: 'CLOSED' });
    const events = await consumer.untilHeard(chatId, 7);
    const of = (source: string): CloudEvent[] => events.filter((event) => event.source === `/switchboard/${source}`);
    expect(of('chat-service').map(({ type, sequence, data }) => [type, Number(sequence), data])).toEqual([
      ['switchboard.chat.opened.v1', 1, { chatId, clientId: owner.id }],
      ['switchboard.chat.status_changed.v1', 2, { chatId, status: 'ACTIVE', adminId: agent.id }],
      ['switchboard.chat.assigned.v1', 3, { chatId, adminId: 4_711 }],
      ['switchboard.chat.status_changed.v1', 4, { chatId, status: 'CLOSED', adminId: 4_711 }],
    ]);
    const { fileUrl, ...message } = first;
    expect(fileUrl).toBeDefined();
    expect(of('message-service').map(({ type, sequence, data }) => [type, Number(sequence), data])).toEqual([
      ['switchboard.message.created.v1', 1, { ...message, fileId: file.id }],
      ['switchboard.message.created.v1', 2, { ...reply, replyTo: undefined }],
      ['switchboard.message.read.v1', 3, { chatId, userId: owner.id, messageIds: [reply.id] }],
    ]);
    const contracts = [chatOpened, chatAssigned, chatStatusChanged, newMessage, messagesRead].flatMap(({ integration }) => integration ?? []);
    for (const event of events) expect(contracts.filter((contract) => cloudEventOf(contract).safeParse(event).success)).toHaveLength(1);
  });

  it('belong to the trace of what was asked', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const { traceId } = await client.ask('sendMessage', { chatId, message: { text: 'hello' } });
    const publish = await waitFor(() => page.store.get(traceId ?? '').find(({ name }) => name === `publish ${exchange}`), { what: 'the publication in the trace' });
    expect(publish.kind).toBe('producer');
    expect(page.store.get(traceId ?? '').find(({ spanId }) => spanId === publish.parentSpanId)?.name).toBe('commit');
    const events = await consumer.untilHeard(chatId, 2);
    expect(events.find(({ type }) => type === 'switchboard.message.created.v1')?.traceparent).toBe(`00-${String(traceId)}-${publish.spanId}-01`);
  });

  it('go on within moments when the replica that relays is killed or stopped', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    let sent = 0;
    const send = async (): Promise<void> => {
      const message = { text: `message ${sent + 1}`, clientMessageId: String(sent + 1) };
      await waitFor(async () => (await client.ask('sendMessage', { chatId, message })).event === 'messageSent', { what: 'a message to be taken', timeoutMs: 20_000, everyMs: 100 });
      sent += 1;
    };
    await send();
    await consumer.untilHeard(chatId, 2);
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      for (const name of ['message-service', 'message-service-2']) {
        await system.kill(name, signal);
        await send();
        await consumer.untilHeard(chatId, sent + 1, 20_000);
      }
    }
    expect(consumer.of(chatId).filter(({ source }) => source.includes('message')).map(({ sequence }) => Number(sequence))).toEqual(Array.from({ length: sent }, (_, index) => index + 1));
  }, 90_000);

  it('are all there when RabbitMQ comes back that was killed, and nobody in the chat felt it', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const texts = Array.from({ length: 60 }, (_, index) => `message ${index}`);
    for (const [index, text] of texts.entries()) {
      if (index === 20) await rabbit.kill();
      expect((await client.ask('sendMessage', { chatId, message: { text } })).event).toBe('messageSent');
    }
    expect((await fetch(`${system.url}/readyz`)).status).toBe(200);
    await rabbit.restart();
    const after = await (await EventConsumer.attach(rabbit.url, consumer.queue)).consume();
    const created = () => [...consumer.events, ...after.events].filter(({ subject, type }) => subject === chatId && type === 'switchboard.message.created.v1');
    await waitFor(() => new Set(created().map(({ id }) => id)).size === texts.length, { what: 'all of them', timeoutMs: 20_000 });
    const once = new Map(created().map(({ id, data }) => [id, data]));
    expect([...once.values()]).toEqual(texts.map((text) => expect.objectContaining({ text })));
    await after.close();
  }, 60_000);
});
