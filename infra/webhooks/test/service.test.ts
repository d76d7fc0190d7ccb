import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Bus } from '@switchboard/shared/bus';
import { EVENTS_EXCHANGE, webhookContracts, type Delivery, type Webhook } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { canStartRabbit, createDatabase, silent, startNats, startPreparedRabbit, waitFor, type PreparedRabbit, type TestDatabase, type TestNats } from '@switchboard/infra/testing';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { createWebhookService } from '../src/app.ts';
import { queueNameOf } from '../src/intake.ts';
import { databaseOptions } from '../src/store/database.ts';
import { PACE, type Pace } from '../src/worker.ts';
import { anEvent } from './events.ts';
import { isSigned, Receiver, type Received } from './receiver.ts';

// webhook-service whole, on real NATS, Postgres and RabbitMQ, as the users of production, with a receiver that answers as it is told. Only its clocks run faster.

const { registerWebhook, listWebhooks, removeWebhook, listDeliveries, replayDeliveries, ping } = webhookContracts;
const FAST: Pace = { ...PACE, firstDelayMs: 40, maxDelayMs: 80, giveUpAfterMs: 60_000, timeoutMs: 2_000, pollMs: 20 };
const secret = 'a secret of thirty-two bytes it is'.replaceAll(' ', '-');

(canStartRabbit ? describe : describe.skip)('webhook-service', () => {
  const exchange = EVENTS_EXCHANGE;
  let nats: TestNats;
  let database: TestDatabase;
  let rabbit: PreparedRabbit;
  let gateway: Bus;
  let receiver: Receiver;
  let model: ChannelModel;
  let channel: ConfirmChannel;
  const services = new Set<{ stop(): Promise<void> }>();

  async function start(pace: Partial<Pace> = {}, allowPrivate = true): Promise<{ stop(): Promise<void> }> {
    const service = await createWebhookService({
      NATS_URL: nats.url('webhook-service'), LOG_LEVEL: 'silent', INTERNAL_HOST: '127.0.0.1', INTERNAL_PORT: 0, AMQP_URL: rabbit.urlOf('webhook-service'), AMQP_EXCHANGE: exchange,
      WEBHOOK_DATABASE_URL: database.url('webhook_service'), WEBHOOK_KEY: 'k'.repeat(32), WEBHOOK_ALLOW_PRIVATE: allowPrivate,
    }, silent, undefined, { ...FAST, ...pace });
    await waitFor(async () => (await Promise.all([gateway.request(ping, {}), fetch(`${service.url}/readyz`)]))[1].ok, { what: 'webhook-service to be ready' });
    const one = { stop: async () => { if (services.delete(one)) await service.stop(); } };
    services.add(one);
    return one;
  }

  const openChannel = async () => {
    model = await connect(rabbit.url);
    model.on('error', () => undefined);
    channel = await model.createConfirmChannel();
    channel.on('error', () => undefined);
    await channel.assertExchange(exchange, 'topic', { durable: true });
  };

  beforeAll(async () => {
    [nats, database, rabbit] = await Promise.all([startNats(), createDatabase(), startPreparedRabbit()]);
    await migrate(createDataSource(databaseOptions(database.url('webhook_migrator'))), 'webhook');
    gateway = await Bus.connect({ url: nats.url('gateway'), user: 'gateway', logger: silent });
    await openChannel();
    const first = await start();
    // From its first start on the queue is there, whoever runs.
    await waitFor(async () => (await (await model.createChannel()).on('error', () => undefined).checkQueue(queueNameOf(exchange))).queue, { what: 'the queue', timeoutMs: 15_000, everyMs: 100 });
    await first.stop();
  }, 120_000);
  afterAll(async () => {
    await model.close();
    await gateway.close();
    await Promise.all([nats.stop(), rabbit.stop()]);
    await database.drop();
  }, 60_000);

  let chatId: string;
  beforeEach(async () => {
    chatId = randomUUID();
    receiver = await Receiver.listen();
  });
  afterEach(async () => {
    receiver.close();
    await Promise.all([...services].map((service) => service.stop()));
    await database.query('TRUNCATE webhook.webhook, webhook.delivery');
  });

  const machine = { machine: 'crm' };
  const register = (path = '/', events = ['message.created']): Promise<Webhook> => gateway.request(registerWebhook, { url: receiver.url(path), events, secret }, machine);
  const log = async ({ id }: Webhook): Promise<Delivery[]> => (await gateway.request(listDeliveries, { webhookId: id, limit: 100 }, machine)).deliveries;
  const statesOf = async (webhook: Webhook): Promise<string[]> => (await log(webhook)).map(({ state }) => state).reverse();
  const codeOf = async (asking: Promise<unknown>): Promise<string> => asking.then(() => 'done', (error: unknown) => (error instanceof Failure ? error.code : String(error)));

  async function publish(from: number, to = from, { chat = chatId, key = 'message.created', traceparent }: { chat?: string; key?: string; traceparent?: string } = {}): Promise<void> {
    for (let rev = from; rev <= to; rev++) channel.publish(exchange, key, Buffer.from(JSON.stringify({ ...anEvent(chat, rev), traceparent })), { persistent: true, mandatory: true });
    await channel.waitForConfirms();
  }
  const untilTaken = (revs: readonly number[], { chat = chatId, path = '/', timeoutMs = 10_000 } = {}) => waitFor(() => {
    const taken = receiver.taken(chat, path);
    if (taken.length < revs.length) throw new Error(`taken: ${taken.join(', ')}`);
    expect([...new Set(taken)]).toEqual(revs);
    return true;
  }, { what: `${revs.length} events`, timeoutMs });

  it('posts an event signed as Standard Webhooks has it, with its trace', async () => {
    await start();
    await register();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await publish(1, 1, { traceparent });
    await untilTaken([1]);
    const [received] = receiver.received;
    if (received === undefined) throw new Error('nothing came');
    expect(received.headers).toMatchObject({ 'content-type': 'application/cloudevents+json; charset=utf-8', 'webhook-id': `message/${chatId}/1`, traceparent });
    expect(Math.abs(Number(received.headers['webhook-timestamp']) - Date.now() / 1_000)).toBeLessThan(30);
    expect(received.event).toEqual({ ...anEvent(chatId, 1), traceparent });
    expect(isSigned(received, secret)).toBe(true);
    const bent: Received[] = [{ ...received, body: `${received.body} ` }, { ...received, headers: { ...received.headers, 'webhook-timestamp': '1' } }];
    expect([...bent.map((one) => isSigned(one, secret)), isSigned(received, `${secret}x`)]).toEqual([false, false, false]);
  });

  it('posts what a webhook asked for, and nothing else', async () => {
    await start();
    await register('/read', ['message.read']);
    await register('/all', ['message.created', 'message.read']);
    await publish(1);
    await publish(2, 2, { key: 'message.read' });
    await untilTaken([1, 2], { path: '/all' });
    await untilTaken([2], { path: '/read' });
  });

  it('keeps a chat\'s order while the receiver fails in between, and holds up no other chat', async () => {
    await start();
    const webhook = await register();
    const otherChat = randomUUID();
    let failures = 0;
    receiver.answer = ({ subject, sequence }) => (subject === chatId && Number(sequence) % 4 === 2 && failures++ % 3 !== 2 ? 503 : 204);
    await publish(1, 12);
    await publish(1, 5, { chat: otherChat });
    await untilTaken([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(receiver.taken(chatId)).toHaveLength(12);
    expect(receiver.tried(chatId)).toEqual([1, 2, 2, 2, 3, 4, 5, 6, 6, 6, 7, 8, 9, 10, 10, 10, 11, 12]);
    await untilTaken([1, 2, 3, 4, 5], { chat: otherChat });
    await waitFor(async () => (await statesOf(webhook)).every((state) => state === 'delivered'), { what: 'all to be written down' });
    expect((await log(webhook)).filter(({ eventId }) => eventId === `message/${chatId}/6`)).toMatchObject([{ attempts: 3, lastStatus: 204 }]);
  });

  it('waits for a receiver that is away, and tells why', async () => {
    await start();
    const away = await Receiver.listen();
    const url = away.url();
    away.close();
    const webhook = await gateway.request(registerWebhook, { url, events: ['message.created'], secret }, machine);
    await publish(1, 2);
    await waitFor(async () => (await log(webhook)).some(({ attempts }) => attempts > 2), { what: 'some attempts' });
    expect(await log(webhook)).toMatchObject([{ state: 'waiting', attempts: 0 }, { state: 'waiting', lastError: 'ECONNREFUSED' }]);
  });

  it('gives up when the time is over, goes on with those behind, and takes it up again when told', async () => {
    await start({ giveUpAfterMs: 300 });
    const webhook = await register();
    receiver.answer = ({ sequence }) => (Number(sequence) === 2 ? 500 : 204);
    await publish(1, 3);
    await untilTaken([1, 3]);
    await waitFor(async () => (await statesOf(webhook)).join() === 'delivered,dead,delivered', { what: 'one to be dead' });
    const tried = receiver.tried(chatId).filter((rev) => rev === 2).length;
    expect(tried).toBeGreaterThan(3);
    expect((await log(webhook))[1]).toMatchObject({ attempts: tried, lastStatus: 500, lastError: 'answered with 500' });
    receiver.answer = () => 204;
    expect(await gateway.request(replayDeliveries, { webhookId: webhook.id }, machine)).toEqual({ count: 1 });
    await waitFor(async () => (await statesOf(webhook)).join() === 'delivered,delivered,delivered', { what: 'it to be delivered' });
    expect(receiver.taken(chatId)).toEqual([1, 3, 2]);
    const [, , first] = await log(webhook);
    expect(await gateway.request(replayDeliveries, { webhookId: webhook.id, deliveryId: first!.id }, machine)).toEqual({ count: 1 });
    await waitFor(() => receiver.taken(chatId).length === 4, { what: 'the first one again' });
    expect(receiver.received.filter(({ event }) => Number(event.sequence) === 1).map((received) => isSigned(received, secret))).toEqual([true, true]);
  });

  it('gives up at once where the receiver is gone for good, and follows no redirect', async () => {
    await start();
    const webhook = await register();
    receiver.answer = ({ sequence }) => [410, 302][Number(sequence) - 1] ?? 204;
    await publish(1, 2);
    await waitFor(() => receiver.tried(chatId).length > 3, { what: 'some attempts' });
    expect(receiver.tried(chatId).filter((rev) => rev === 1)).toHaveLength(1);
    expect(receiver.received.map(({ path }) => path)).not.toContain('/elsewhere');
    expect(await log(webhook)).toMatchObject([{ state: 'waiting', lastStatus: 302, lastError: 'answered with 302' }, { state: 'dead', lastStatus: 410 }]);
  });

  it('posts an event once that comes again', async () => {
    await start();
    const webhook = await register();
    await publish(1, 3);
    await publish(1, 3);
    await publish(2, 4);
    await untilTaken([1, 2, 3, 4]);
    await waitFor(async () => (await statesOf(webhook)).join() === 'delivered,delivered,delivered,delivered', { what: 'all to be written down' });
    await publish(1);
    await publish(5);
    await untilTaken([1, 2, 3, 4, 5]);
    expect(receiver.tried(chatId)).toEqual([1, 2, 3, 4, 5]);
  });

  it('leaves out what is no event, and is not held up by it', async () => {
    await start();
    await register();
    for (const content of ['nonsense', '{}', JSON.stringify({ ...anEvent(chatId, 1), subject: 'no chat' })]) channel.publish(exchange, 'message.created', Buffer.from(content));
    await publish(2);
    await untilTaken([2]);
    await waitFor(async () => (await channel.checkQueue(queueNameOf(exchange))).messageCount === 0, { what: 'an empty queue' });
  });

  it('a receiver that never answers gets five at a time, and holds up nobody else', async () => {
    await start({ timeoutMs: 1_000 });
    const slow = await register('/slow');
    await register('/fast');
    receiver.answer = (_, path) => (path === '/slow' ? undefined : 204);
    const chats = Array.from({ length: 12 }, () => randomUUID());
    for (const chat of chats) await publish(1, 1, { chat });
    for (const chat of chats) await untilTaken([1], { chat, path: '/fast' });
    await waitFor(async () => (await log(slow)).filter(({ lastError }) => lastError === 'no answer within 1 s').length === 12, { what: 'each to be tried' });
    expect(receiver.most.get('/slow')).toBe(5);
  });

  it('loses nothing while its database takes nothing, not even when it ends meanwhile', async () => {
    const service = await start();
    await register();
    await publish(1);
    await untilTaken([1]);
    const untilHandedOut = () => waitFor(async () => (await channel.checkQueue(queueNameOf(exchange))).messageCount === 0, { what: 'the service to have them all' });
    await database.query('ALTER TABLE webhook.webhook RENAME TO away');
    await publish(2, 4);
    await untilHandedOut();
    await database.query('ALTER TABLE webhook.away RENAME TO webhook');
    await untilTaken([1, 2, 3, 4]);
    await database.query('ALTER TABLE webhook.webhook RENAME TO away');
    await publish(5, 7);
    await untilHandedOut();
    await service.stop();
    await database.query('ALTER TABLE webhook.away RENAME TO webhook');
    await start();
    await untilTaken([1, 2, 3, 4, 5, 6, 7]);
  });

  it('goes on where it was after a restart: what came meanwhile is not lost', async () => {
    const service = await start();
    const webhook = await register();
    receiver.answer = ({ sequence }) => (Number(sequence) < 3 ? 204 : 503);
    await publish(1, 4);
    await waitFor(() => receiver.tried(chatId).includes(3), { what: 'the third to fail' });
    await service.stop();
    await publish(5, 8);
    receiver.answer = () => 204;
    expect(receiver.taken(chatId)).toEqual([1, 2]);
    await start();
    await untilTaken([1, 2, 3, 4, 5, 6, 7, 8]);
    await waitFor(async () => (await statesOf(webhook)).every((state) => state === 'delivered'), { what: 'all to be written down' });
  });

  it('of two replicas one delivers, and the other takes over', async () => {
    const first = await start();
    await start();
    await register();
    await publish(1, 5);
    await untilTaken([1, 2, 3, 4, 5]);
    await Promise.all([first.stop(), publish(6, 10)]);
    await untilTaken([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('refuses private addresses when registering, and when posting to what was registered before', async () => {
    const service = await start();
    const webhook = await register();
    await service.stop();
    await start({}, false);
    for (const url of [receiver.url(), 'https://127.0.0.1/', 'https://localhost/', 'https://[::ffff:10.0.0.1]/']) {
      expect({ url, code: await codeOf(gateway.request(registerWebhook, { url, events: ['message.created'], secret }, machine)) }).toEqual({ url, code: 'VALIDATION' });
    }
    await publish(1);
    await waitFor(async () => (await log(webhook))[0]?.lastError === 'the URL must begin with https://', { what: 'the refusal' });
    expect(receiver.received).toEqual([]);
  });

  it('is for machines', async () => {
    await start();
    const webhook = await register();
    const admin = { actor: { id: 1, email: 'a@b.c', role: 'admin' as const } };
    for (const asking of [{}, admin]) expect(await codeOf(gateway.request(listWebhooks, {}, asking))).toBe('UNAUTHORIZED');
    expect(await gateway.request(listWebhooks, {}, machine)).toEqual({ webhooks: [webhook] });
    expect(await gateway.request(removeWebhook, { webhookId: webhook.id }, machine)).toEqual({ id: webhook.id });
    expect(await gateway.request(listWebhooks, {}, machine)).toEqual({ webhooks: [] });
    expect(await codeOf(gateway.request(removeWebhook, { webhookId: webhook.id }, machine))).toBe('WEBHOOK_NOT_FOUND');
    expect(await gateway.request(ping, {})).toEqual({ ready: true });
  });

  it.each([
    ['no URL', { url: 'nonsense' }], ['another protocol', { url: 'ftp://crm.example/' }], ['credentials', { url: 'https://a:b@crm.example/' }], ['a long URL', { url: `https://crm.example/${'a'.repeat(2_048)}` }],
    ['no event', { events: [] }], ['an unknown event', { events: ['message.deleted'] }], ['a short secret', { secret: 'x'.repeat(31) }], ['a long secret', { secret: 'x'.repeat(257) }],
    ['a secret with a line break', { secret: `${'x'.repeat(32)}\n` }], ['a bad key behind the prefix', { secret: `whsec_${'!'.repeat(32)}` }],
  ])('does not register %s', async (_, change) => {
    await start();
    expect(await codeOf(gateway.request(registerWebhook, { url: receiver.url(), events: ['message.created'], secret, ...change }, machine))).toBe('VALIDATION');
  });

  it('waits while RabbitMQ refuses it, and goes on once it does not', async () => {
    await rabbit.ctl('clear_permissions', 'webhook-service');
    const warn = jest.spyOn(silent, 'warn');
    const untilTold = (what: string) => waitFor(() => inspect(warn.mock.calls, { depth: 3 }).includes(what), { what, timeoutMs: 20_000 });
    await start();
    await untilTold('RabbitMQ refuses');
    await register();
    await publish(1, 3);
    await rabbit.ctl('set_permissions', 'webhook-service', '^$', '^$', '^$');
    await untilTold("access to queue 'switchboard.webhooks'");
    await rabbit.importDefinitions();
    await untilTaken([1, 2, 3]);
    warn.mockRestore();
  }, 60_000);

  // The last: the connection of this test ends with the server.
  it('finds RabbitMQ again', async () => {
    await start();
    await register();
    await publish(1);
    await untilTaken([1]);
    await rabbit.restart();
    await openChannel();
    await publish(2, 3);
    await untilTaken([1, 2, 3], { timeoutMs: 20_000 });
  }, 60_000);
});
