import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Bus } from '@switchboard/shared/bus';
import {
  EVENTS_EXCHANGE,
  webhookContracts,
  type Delivery,
  type Webhook,
} from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import {
  canStartRabbit,
  createDatabase,
  silent,
  startNats,
  startPreparedRabbit,
  waitFor,
  type PreparedRabbit,
  type TestDatabase,
  type TestNats,
} from '@switchboard/infra/test';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { createWebhookService } from '../src/app.ts';
import { queueNameOf } from '../src/intake.ts';
import { databaseOptions } from '../src/store/database.ts';
import { PACE, type Pace } from '../src/worker.ts';
import { anEvent } from './events.ts';
import { isSigned, Receiver, type Received } from './receiver.ts';

// The whole webhook-service with real NATS, Postgres and RabbitMQ, the users of production and a scripted
// receiver. Only the retry delays are shorter.

const { registerWebhook, listWebhooks, removeWebhook, listDeliveries, replayDeliveries, ping } =
  webhookContracts;
const FAST: Pace = {
  ...PACE,
  firstDelayMs: 40,
  maxDelayMs: 80,
  giveUpAfterMs: 60_000,
  timeoutMs: 2_000,
  pollMs: 20,
};
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
    const service = await createWebhookService(
      {
        NATS_URL: nats.url('webhook-service'),
        LOG_LEVEL: 'silent',
        INTERNAL_HOST: '127.0.0.1',
        INTERNAL_PORT: 0,
        AMQP_URL: rabbit.urlOf('webhook-service'),
        AMQP_EXCHANGE: exchange,
        WEBHOOK_DATABASE_URL: database.url('webhook_service'),
        WEBHOOK_KEY: 'k'.repeat(32),
        WEBHOOK_ALLOW_PRIVATE: allowPrivate,
      },
      silent,
      undefined,
      { ...FAST, ...pace },
    );
    await waitFor(
      async () => (await Promise.all([gateway.request(ping, {}), fetch(`${service.url}/readyz`)]))[1].ok,
      { what: 'webhook-service to be ready' },
    );
    const one = {
      stop: async () => {
        if (services.delete(one)) await service.stop();
      },
    };
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
    // The first start declares the queue; it stays.
    await waitFor(
      async () =>
        (await (await model.createChannel()).on('error', () => undefined).checkQueue(queueNameOf(exchange)))
          .queue,
      { what: 'the queue', timeoutMs: 15_000, everyMs: 100 },
    );
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
  const register = (path = '/', events = ['message.created']): Promise<Webhook> =>
    gateway.request(registerWebhook, { url: receiver.url(path), events, secret }, machine);
  const log = async ({ id }: Webhook): Promise<Delivery[]> =>
    (await gateway.request(listDeliveries, { webhookId: id, limit: 100 }, machine)).deliveries;
  const statesOf = async (webhook: Webhook): Promise<string[]> =>
    (await log(webhook)).map(({ state }) => state).reverse();
  const codeOf = async (request: Promise<unknown>): Promise<string> =>
    request.then(
      () => 'done',
      (error: unknown) => (error instanceof Failure ? error.code : String(error)),
    );

  async function publish(
    from: number,
    to = from,
    {
      chat = chatId,
      key = 'message.created',
      traceparent,
    }: { chat?: string; key?: string; traceparent?: string } = {},
  ): Promise<void> {
    for (let rev = from; rev <= to; rev++)
      channel.publish(exchange, key, Buffer.from(JSON.stringify({ ...anEvent(chat, rev), traceparent })), {
        persistent: true,
        mandatory: true,
      });
    await channel.waitForConfirms();
  }
  const untilAccepted = (revs: readonly number[], { chat = chatId, path = '/', timeoutMs = 10_000 } = {}) =>
    waitFor(
      () => {
        const accepted = receiver.accepted(chat, path);
        if (accepted.length < revs.length) throw new Error(`accepted: ${accepted.join(', ')}`);
        expect([...new Set(accepted)]).toEqual(revs);
        return true;
      },
      { what: `${revs.length} events`, timeoutMs },
    );

  it('posts an event with a Standard Webhooks signature and its trace', async () => {
    await start();
    await register();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await publish(1, 1, { traceparent });
    await untilAccepted([1]);
    const [received] = receiver.received;
    if (received === undefined) throw new Error('nothing came');
    expect(received.headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': `message/${chatId}/1`,
      traceparent,
    });
    expect(Math.abs(Number(received.headers['webhook-timestamp']) - Date.now() / 1_000)).toBeLessThan(30);
    expect(received.event).toEqual({ ...anEvent(chatId, 1), traceparent });
    expect(isSigned(received, secret)).toBe(true);
    const bent: Received[] = [
      { ...received, body: `${received.body} ` },
      { ...received, headers: { ...received.headers, 'webhook-timestamp': '1' } },
    ];
    expect([...bent.map((one) => isSigned(one, secret)), isSigned(received, `${secret}x`)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('posts only the events that the webhook subscribed to', async () => {
    await start();
    await register('/read', ['message.read']);
    await register('/all', ['message.created', 'message.read']);
    await publish(1);
    await publish(2, 2, { key: 'message.read' });
    await untilAccepted([1, 2], { path: '/all' });
    await untilAccepted([2], { path: '/read' });
  });

  it('keeps the order of a chat when the receiver fails, and does not delay other chats', async () => {
    await start();
    const webhook = await register();
    const otherChat = randomUUID();
    let failures = 0;
    receiver.respond = ({ subject, sequence }) =>
      subject === chatId && Number(sequence) % 4 === 2 && failures++ % 3 !== 2 ? 503 : 204;
    await publish(1, 12);
    await publish(1, 5, { chat: otherChat });
    await untilAccepted([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(receiver.accepted(chatId)).toHaveLength(12);
    expect(receiver.attempted(chatId)).toEqual([1, 2, 2, 2, 3, 4, 5, 6, 6, 6, 7, 8, 9, 10, 10, 10, 11, 12]);
    await untilAccepted([1, 2, 3, 4, 5], { chat: otherChat });
    await waitFor(async () => (await statesOf(webhook)).every((state) => state === 'delivered'), {
      what: 'all to be written down',
    });
    expect((await log(webhook)).filter(({ eventId }) => eventId === `message/${chatId}/6`)).toMatchObject([
      { attempts: 3, lastStatus: 204 },
    ]);
  });

  it('retries while the receiver is down, and shows the error', async () => {
    await start();
    const away = await Receiver.listen();
    const url = away.url();
    away.close();
    const webhook = await gateway.request(
      registerWebhook,
      { url, events: ['message.created'], secret },
      machine,
    );
    await publish(1, 2);
    await waitFor(async () => (await log(webhook)).some(({ attempts }) => attempts > 2), {
      what: 'some attempts',
    });
    expect(await log(webhook)).toMatchObject([
      { state: 'waiting', attempts: 0 },
      { state: 'waiting', lastError: 'ECONNREFUSED' },
    ]);
  });

  it('gives up after the time limit, continues with later events, and retries on replay', async () => {
    await start({ giveUpAfterMs: 300 });
    const webhook = await register();
    receiver.respond = ({ sequence }) => (Number(sequence) === 2 ? 500 : 204);
    await publish(1, 3);
    await untilAccepted([1, 3]);
    await waitFor(async () => (await statesOf(webhook)).join() === 'delivered,dead,delivered', {
      what: 'one to be dead',
    });
    const tried = receiver.attempted(chatId).filter((rev) => rev === 2).length;
    expect(tried).toBeGreaterThan(3);
    expect((await log(webhook))[1]).toMatchObject({
      attempts: tried,
      lastStatus: 500,
      lastError: 'answered with 500',
    });
    receiver.respond = () => 204;
    expect(await gateway.request(replayDeliveries, { webhookId: webhook.id }, machine)).toEqual({ count: 1 });
    await waitFor(async () => (await statesOf(webhook)).join() === 'delivered,delivered,delivered', {
      what: 'it to be delivered',
    });
    expect(receiver.accepted(chatId)).toEqual([1, 3, 2]);
    const [, , first] = await log(webhook);
    expect(
      await gateway.request(replayDeliveries, { webhookId: webhook.id, deliveryId: first!.id }, machine),
    ).toEqual({ count: 1 });
    await waitFor(() => receiver.accepted(chatId).length === 4, { what: 'the first one again' });
    expect(
      receiver.received
        .filter(({ event }) => Number(event.sequence) === 1)
        .map((received) => isSigned(received, secret)),
    ).toEqual([true, true]);
  });

  it('gives up at once on 410, and does not follow a redirect', async () => {
    await start();
    const webhook = await register();
    receiver.respond = ({ sequence }) => [410, 302][Number(sequence) - 1] ?? 204;
    await publish(1, 2);
    await waitFor(() => receiver.attempted(chatId).length > 3, { what: 'some attempts' });
    expect(receiver.attempted(chatId).filter((rev) => rev === 1)).toHaveLength(1);
    expect(receiver.received.map(({ path }) => path)).not.toContain('/elsewhere');
    expect(await log(webhook)).toMatchObject([
      { state: 'waiting', lastStatus: 302, lastError: 'answered with 302' },
      { state: 'dead', lastStatus: 410 },
    ]);
  });

  it('posts an event once when RabbitMQ delivers it twice', async () => {
    await start();
    const webhook = await register();
    await publish(1, 3);
    await publish(1, 3);
    await publish(2, 4);
    await untilAccepted([1, 2, 3, 4]);
    await waitFor(
      async () => (await statesOf(webhook)).join() === 'delivered,delivered,delivered,delivered',
      { what: 'all to be written down' },
    );
    await publish(1);
    await publish(5);
    await untilAccepted([1, 2, 3, 4, 5]);
    expect(receiver.attempted(chatId)).toEqual([1, 2, 3, 4, 5]);
  });

  it('skips a message that is not an event, and continues', async () => {
    await start();
    await register();
    for (const content of ['nonsense', '{}', JSON.stringify({ ...anEvent(chatId, 1), subject: 'no chat' })])
      channel.publish(exchange, 'message.created', Buffer.from(content));
    await publish(2);
    await untilAccepted([2]);
    await waitFor(async () => (await channel.checkQueue(queueNameOf(exchange))).messageCount === 0, {
      what: 'an empty queue',
    });
  });

  it('limits a receiver that never responds to five attempts at a time, and does not delay others', async () => {
    await start({ timeoutMs: 1_000 });
    const slow = await register('/slow');
    await register('/fast');
    receiver.respond = (_, path) => (path === '/slow' ? undefined : 204);
    const chats = Array.from({ length: 12 }, () => randomUUID());
    for (const chat of chats) await publish(1, 1, { chat });
    for (const chat of chats) await untilAccepted([1], { chat, path: '/fast' });
    await waitFor(
      async () =>
        (await log(slow)).filter(({ lastError }) => lastError === 'no answer within 1 s').length === 12,
      { what: 'each to be tried' },
    );
    expect(receiver.maxConcurrent.get('/slow')).toBe(5);
  });

  it('loses no event while its database refuses writes, not even when the service stops meanwhile', async () => {
    const service = await start();
    await register();
    await publish(1);
    await untilAccepted([1]);
    const untilHandedOut = () =>
      waitFor(async () => (await channel.checkQueue(queueNameOf(exchange))).messageCount === 0, {
        what: 'the service to have them all',
      });
    await database.query('ALTER TABLE webhook.webhook RENAME TO away');
    await publish(2, 4);
    await untilHandedOut();
    await database.query('ALTER TABLE webhook.away RENAME TO webhook');
    await untilAccepted([1, 2, 3, 4]);
    await database.query('ALTER TABLE webhook.webhook RENAME TO away');
    await publish(5, 7);
    await untilHandedOut();
    await service.stop();
    await database.query('ALTER TABLE webhook.away RENAME TO webhook');
    await start();
    await untilAccepted([1, 2, 3, 4, 5, 6, 7]);
  });

  it('continues after a restart, with the events published meanwhile', async () => {
    const service = await start();
    const webhook = await register();
    receiver.respond = ({ sequence }) => (Number(sequence) < 3 ? 204 : 503);
    await publish(1, 4);
    await waitFor(() => receiver.attempted(chatId).includes(3), { what: 'the third to fail' });
    await service.stop();
    await publish(5, 8);
    receiver.respond = () => 204;
    expect(receiver.accepted(chatId)).toEqual([1, 2]);
    await start();
    await untilAccepted([1, 2, 3, 4, 5, 6, 7, 8]);
    await waitFor(async () => (await statesOf(webhook)).every((state) => state === 'delivered'), {
      what: 'all to be written down',
    });
  });

  it('lets one of two replicas deliver, and the other take over when it stops', async () => {
    const first = await start();
    await start();
    await register();
    await publish(1, 5);
    await untilAccepted([1, 2, 3, 4, 5]);
    await Promise.all([first.stop(), publish(6, 10)]);
    await untilAccepted([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('refuses a private address at registration, and at delivery to an older webhook', async () => {
    const service = await start();
    const webhook = await register();
    await service.stop();
    await start({}, false);
    for (const url of [
      receiver.url(),
      'https://127.0.0.1/',
      'https://localhost/',
      'https://[::ffff:10.0.0.1]/',
    ]) {
      expect({
        url,
        code: await codeOf(
          gateway.request(registerWebhook, { url, events: ['message.created'], secret }, machine),
        ),
      }).toEqual({ url, code: 'VALIDATION' });
    }
    await publish(1);
    await waitFor(async () => (await log(webhook))[0]?.lastError === 'the URL must begin with https://', {
      what: 'the refusal',
    });
    expect(receiver.received).toEqual([]);
  });

  it('accepts requests of machines only', async () => {
    await start();
    const webhook = await register();
    const admin = { actor: { id: 1, email: 'a@b.c', role: 'admin' as const } };
    for (const options of [{}, admin])
      expect(await codeOf(gateway.request(listWebhooks, {}, options))).toBe('UNAUTHORIZED');
    expect(await gateway.request(listWebhooks, {}, machine)).toEqual({ webhooks: [webhook] });
    expect(await gateway.request(removeWebhook, { webhookId: webhook.id }, machine)).toEqual({
      id: webhook.id,
    });
    expect(await gateway.request(listWebhooks, {}, machine)).toEqual({ webhooks: [] });
    expect(await codeOf(gateway.request(removeWebhook, { webhookId: webhook.id }, machine))).toBe(
      'WEBHOOK_NOT_FOUND',
    );
    expect(await gateway.request(ping, {})).toEqual({ ready: true });
  });

  it.each([
    ['no URL', { url: 'nonsense' }],
    ['another protocol', { url: 'ftp://crm.example/' }],
    ['credentials', { url: 'https://a:b@crm.example/' }],
    ['a long URL', { url: `https://crm.example/${'a'.repeat(2_048)}` }],
    ['no event', { events: [] }],
    ['an unknown event', { events: ['message.printed'] }],
    ['a short secret', { secret: 'x'.repeat(31) }],
    ['a long secret', { secret: 'x'.repeat(257) }],
    ['a secret with a line break', { secret: `${'x'.repeat(32)}\n` }],
    ['a bad key behind the prefix', { secret: `whsec_${'!'.repeat(32)}` }],
  ])('does not register %s', async (_, change) => {
    await start();
    expect(
      await codeOf(
        gateway.request(
          registerWebhook,
          { url: receiver.url(), events: ['message.created'], secret, ...change },
          machine,
        ),
      ),
    ).toBe('VALIDATION');
  });

  it('waits while RabbitMQ refuses its user, and continues once access is granted', async () => {
    await rabbit.ctl('clear_permissions', 'webhook-service');
    const warn = jest.spyOn(silent, 'warn');
    const untilWarned = (what: string) =>
      waitFor(() => inspect(warn.mock.calls, { depth: 3 }).includes(what), { what, timeoutMs: 20_000 });
    await start();
    await untilWarned('RabbitMQ refused');
    await register();
    await publish(1, 3);
    await rabbit.ctl('set_permissions', 'webhook-service', '^$', '^$', '^$');
    await untilWarned("access to queue 'switchboard.webhooks'");
    await rabbit.importDefinitions();
    await untilAccepted([1, 2, 3]);
    warn.mockRestore();
  }, 60_000);

  // Must be the last test: the restart closes the connection of this file.
  it('reconnects after a restart of RabbitMQ', async () => {
    await start();
    await register();
    await publish(1);
    await untilAccepted([1]);
    await rabbit.restart();
    await openChannel();
    await publish(2, 3);
    await untilAccepted([1, 2, 3], { timeoutMs: 20_000 });
  }, 60_000);
});
