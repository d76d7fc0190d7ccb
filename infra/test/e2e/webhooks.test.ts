import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { webhookContracts, type Delivery, type Webhook } from '@switchboard/shared/contracts';
import {
  canOpenRabbit,
  openRabbit,
  scrape,
  startSystem,
  waitFor,
  type SharedRabbit,
  type TestSystem,
} from '../helpers/index.ts';
import { countersOfRules, missingSeries } from '../deploy/otel/counters.ts';
import { metricsNamed } from '../deploy/otel/metrics-named.ts';
import { isSigned, Receiver } from '../../webhook-service/test/receiver.ts';
import { aClient, anAdmin, Clients, http, openChat } from './client.ts';
import { codeOf } from './http-client.ts';

// What a system without a broker gets to know of chats, with everything in between: gateway, services, relay,
// RabbitMQ, webhook-service.

(canOpenRabbit ? describe : describe.skip)('webhooks', () => {
  let rabbit: SharedRabbit;
  let system: TestSystem;
  let clients: Clients;
  let receiver: Receiver;

  beforeAll(async () => {
    [rabbit, receiver] = await Promise.all([openRabbit(), Receiver.listen()]);
    system = await startSystem({
      env: {
        AMQP_URL: rabbit.url,
        AMQP_EXCHANGE: `test.${randomUUID()}.events`,
        WEBHOOK_ALLOW_PRIVATE: 'true',
        OTEL_METRICS_EXPORTER: 'prometheus',
      },
    });
    clients = new Clients(system);
  }, 120_000);
  afterEach(() => {
    clients.closeAll();
  });
  afterAll(async () => {
    receiver.close();
    await system.stop();
    await rabbit.stop();
  }, 60_000);

  const secret = 'a-secret-that-only-these-two-know';
  const machine = { name: 'crm', role: 'service' } as const;
  const owner = aClient();
  const request = (method: string, path: string, body?: unknown) =>
    http(system, machine, method, `/admin/webhooks${path}`, body);

  async function register(path: string, events = ['chat.opened', 'message.created']): Promise<Webhook> {
    const { status, body } = await request('POST', '', { url: receiver.url(path), events, secret });
    expect(status).toBe(201);
    expect(JSON.stringify(body)).not.toContain(secret);
    return webhookContracts.registerWebhook.reply.parse(body);
  }

  const deliveriesOf = async ({ id }: Webhook, query = ''): Promise<Delivery[]> =>
    webhookContracts.listDeliveries.reply.parse((await request('GET', `/${id}/deliveries${query}`)).body)
      .deliveries;

  /** What was taken of message-service's events, each once. */
  const texts = (chatId: string, path: string): unknown[] => {
    const taken = receiver.received.filter(
      ({ event, path: at, status }) =>
        at === path &&
        event.subject === chatId &&
        status === 204 &&
        event.source === '/switchboard/message-service',
    );
    return [...new Map(taken.map(({ event }) => [event.id, (event.data as { text: string }).text])).values()];
  };

  it('have each counter of an alert from the start', async () => {
    const counters = countersOfRules().filter(({ name }) => name.startsWith('switchboard_webhook_'));
    expect(counters).not.toEqual([]);
    await waitFor(
      async () => missingSeries(counters, [await scrape(system, 'webhook-service')]).length === 0,
      { what: 'the worker to start' },
    );
  });

  it('are for machines: by a token of the role service', async () => {
    const { id } = await register('/mine');
    const asked: [string, string, unknown?][] = [
      ['POST', '', { url: receiver.url(), events: ['chat.opened'], secret }],
      ['GET', ''],
      ['GET', `/${id}/deliveries`],
      ['POST', `/${id}/replay`, {}],
      ['DELETE', `/${id}`],
    ];
    for (const [method, path, body] of asked) {
      const outcomes = await Promise.all(
        [owner, anAdmin(), undefined].map(async (asker) =>
          codeOf(await http(system, asker, method, `/admin/webhooks${path}`, body)),
        ),
      );
      expect({ method, path, outcomes }).toEqual({
        method,
        path,
        outcomes: ['403 FORBIDDEN', '403 FORBIDDEN', '401 UNAUTHORIZED'],
      });
    }
    expect((await request('DELETE', `/${id}`)).body).toEqual({ id });
    for (const [method, path] of [
      ['DELETE', `/${id}`],
      ['GET', `/${id}/deliveries`],
      ['DELETE', '/nowhere'],
    ] as const)
      expect(codeOf(await request(method, path))).toBe('404 WEBHOOK_NOT_FOUND');
    expect(
      codeOf(await request('POST', '', { url: receiver.url(), events: ['chat.opened'], secret, more: 1 })),
    ).toBe('400 VALIDATION');
    expect((await request('GET', '')).body).toEqual({ webhooks: [] });
  });

  it('are seen in every metric that the dashboard, a rule or the docs name', async () => {
    const names = metricsNamed().filter((name) => name.startsWith('switchboard_webhook_'));
    expect(names).toHaveLength(2);
    await waitFor(
      async () => {
        const told = (await scrape(system, 'webhook-service')).names;
        return names.every((name) => told.has(name));
      },
      { what: names.join(' and '), everyMs: 100 },
    );
  });

  it('tell of a chat in its order, signed, and keep a log of it', async () => {
    const webhook = await register('/log');
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    for (let n = 1; n <= 5; n++)
      await client.request('sendMessage', { chatId, message: { text: `number ${n}` } });
    await waitFor(() => texts(chatId, '/log').length === 5, { what: 'five messages', timeoutMs: 15_000 });
    expect(texts(chatId, '/log')).toEqual(['number 1', 'number 2', 'number 3', 'number 4', 'number 5']);
    const received = receiver.received.filter(
      ({ path, event }) => path === '/log' && event.subject === chatId,
    );
    expect(received.map((one) => isSigned(one, secret))).toEqual(received.map(() => true));
    await waitFor(async () => (await deliveriesOf(webhook, '?state=delivered')).length === 6, {
      what: 'the log',
    });
    // Two services publish events of a chat. The order between the two is not guaranteed.
    expect((await deliveriesOf(webhook)).map(({ type }) => type).sort()).toEqual([
      'switchboard.chat.opened.v1',
      ...Array.from({ length: 5 }, () => 'switchboard.message.created.v1'),
    ]);
    const [first] = await deliveriesOf(webhook, '?limit=1');
    expect(first).toMatchObject({ chatId, state: 'delivered', attempts: 1, lastStatus: 204 });
    expect((await request('POST', `/${webhook.id}/replay`, { deliveryId: first?.id })).body).toEqual({
      count: 1,
    });
    await waitFor(
      () =>
        receiver.received.filter(({ path, event }) => path === '/log' && event.id === first?.eventId)
          .length === 2,
      { what: 'the replay' },
    );
    const told = await scrape(system, 'webhook-service');
    expect(told.sum('switchboard_webhook_deliveries_total', { outcome: 'delivered' })).toBeGreaterThanOrEqual(
      6,
    );
    expect(told.names).toContain('switchboard_webhook_waiting_seconds');
  });

  it('lose nothing and keep the order when webhook-service is killed, again and again', async () => {
    await register('/killed', ['message.created']);
    const chatId = await openChat(system, owner);
    const client = await clients.connect(owner);
    const expected = Array.from({ length: 60 }, (_, n) => `number ${n}`);
    for (const [n, text] of expected.entries()) {
      await client.request('sendMessage', { chatId, message: { text } });
      if (n % 20 === 10) {
        await waitFor(() => texts(chatId, '/killed').length > n / 2, {
          what: 'some to be delivered',
          timeoutMs: 20_000,
        });
        await system.kill('webhook-service');
      }
    }
    await waitFor(() => texts(chatId, '/killed').length === expected.length, {
      what: 'all of them',
      timeoutMs: 30_000,
    });
    expect(texts(chatId, '/killed')).toEqual(expected);
  }, 90_000);
});
