import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  canStartRabbit,
  EventConsumer,
  startRabbit,
  startSystem,
  waitFor,
  WITHOUT_WEBHOOKS,
  type TestRabbit,
  type TestSystem,
} from '../helpers/index.ts';
import { aClient, Clients, openChat } from './client.ts';

(canStartRabbit ? describe : describe.skip)('integration events', () => {
  const exchange = `test.${randomUUID()}`;
  const owner = aClient();
  let rabbit: TestRabbit;
  let system: TestSystem;
  let clients: Clients;
  let consumer: EventConsumer;

  beforeAll(async () => {
    rabbit = await startRabbit();
    system = await startSystem({
      replicas: 'message-service=2',
      only: WITHOUT_WEBHOOKS,
      env: { AMQP_URL: rabbit.url, AMQP_EXCHANGE: exchange },
    });
    clients = new Clients(system);
    consumer = await (await EventConsumer.bind(rabbit.url, exchange)).consume();
  }, 120_000);
  afterEach(() => {
    clients.closeAll();
  });
  afterAll(async () => {
    await consumer.close();
    await system.stop();
    await rabbit.stop();
  }, 60_000);

  it('continue soon after the relaying replica is killed or stopped', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    let sent = 0;
    const send = async (): Promise<void> => {
      const message = { text: `message ${sent + 1}`, clientMessageId: String(sent + 1) };
      await waitFor(
        async () => (await client.request('sendMessage', { chatId, message })).event === 'messageSent',
        { what: 'a message to be accepted', timeoutMs: 20_000, everyMs: 100 },
      );
      sent += 1;
    };
    await send();
    await consumer.untilReceived(chatId, 2);
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      for (const name of ['message-service', 'message-service-2']) {
        await system.kill(name, signal);
        await send();
        await consumer.untilReceived(chatId, sent + 1, 20_000);
      }
    }
    expect(
      consumer
        .of(chatId)
        .filter(({ source }) => source.includes('message'))
        .map(({ sequence }) => Number(sequence)),
    ).toEqual(Array.from({ length: sent }, (_, index) => index + 1));
  }, 90_000);

  it('are complete after RabbitMQ was killed and restarted, and the chat is not affected', async () => {
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const texts = Array.from({ length: 60 }, (_, index) => `message ${index}`);
    for (const [index, text] of texts.entries()) {
      if (index === 20) await rabbit.kill();
      expect((await client.request('sendMessage', { chatId, message: { text } })).event).toBe('messageSent');
    }
    expect((await fetch(`${system.url}/readyz`)).status).toBe(200);
    await rabbit.restart();
    const after = await (await EventConsumer.attach(rabbit.url, consumer.queue)).consume();
    const created = () =>
      [...consumer.events, ...after.events].filter(
        ({ subject, type }) => subject === chatId && type === 'switchboard.message.created.v1',
      );
    await waitFor(() => new Set(created().map(({ id }) => id)).size === texts.length, {
      what: 'all events',
      timeoutMs: 20_000,
    });
    const once = new Map(created().map(({ id, data }) => [id, data]));
    expect([...once.values()]).toEqual(texts.map((text) => expect.objectContaining({ text })));
    await after.close();
  }, 60_000);
});
