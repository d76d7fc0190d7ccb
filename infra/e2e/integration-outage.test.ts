import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENTS_EXCHANGE } from '@switchboard/shared/contracts';
import { canStartRabbit, EventConsumer, startRabbit, startSystem, type TestRabbit, type TestSystem } from '../testing/index.ts';
import { aClient, Clients, openChat } from './client.ts';

(canStartRabbit ? describe : describe.skip)('a chat, while RabbitMQ is away', () => {
  let rabbit: TestRabbit;
  let system: TestSystem;
  let clients: Clients;

  beforeAll(async () => {
    rabbit = await startRabbit();
    system = await startSystem({ env: { AMQP_URL: rabbit.url } });
    clients = new Clients(system);
  }, 120_000);
  afterAll(async () => {
    clients.closeAll();
    await system.stop();
    await rabbit.stop();
  }, 60_000);

  it('goes on as if nothing were, and other systems hear of all of it when it is back, in its order', async () => {
    const before = await EventConsumer.bind(rabbit.url, EVENTS_EXCHANGE);
    await before.close();
    const owner = aClient();
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const texts = Array.from({ length: 60 }, (_, index) => `message ${index}`);
    for (const [index, text] of texts.entries()) {
      if (index === 20) await rabbit.kill();
      expect((await client.ask('sendMessage', { chatId, message: { text } })).event).toBe('messageSent');
    }
    expect((await fetch(`${system.url}/readyz`)).status).toBe(200);
    await rabbit.restart();
    const consumer = await (await EventConsumer.attach(rabbit.url, before.queue)).consume();
    const events = await consumer.untilHeard(chatId, texts.length + 1, 20_000);
    expect(events.flatMap(({ type, data }) => (type === 'switchboard.message.created.v1' ? [data] : []))).toEqual(texts.map((text) => expect.objectContaining({ text })));
    await consumer.close();
  }, 60_000);
});
