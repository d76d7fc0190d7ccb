import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { canOpenRabbit, EventConsumer, openRabbit, waitFor, type SharedRabbit } from '@switchboard/infra/testing';
import { LOG_START } from '../src/log/index.ts';
import { RelayedLog, upTo } from './relays.ts';

(canOpenRabbit ? describe : describe.skip)('the relay of a log to RabbitMQ', () => {
  let rabbit: SharedRabbit;
  let relayed: RelayedLog;
  let chatId: string;
  const consumers: EventConsumer[] = [];

  beforeAll(async () => { rabbit = await openRabbit(); }, 90_000);
  beforeEach(async () => {
    relayed = await RelayedLog.create(rabbit.url);
    chatId = randomUUID();
  });
  afterEach(async () => {
    await Promise.all(consumers.splice(0).map((consumer) => consumer.close()));
    await relayed.close();
  });
  afterAll(() => rabbit.stop());

  const bind = async (keys?: readonly string[], queueArguments?: Record<string, unknown>): Promise<EventConsumer> => {
    const consumer = await EventConsumer.bind(rabbit.url, relayed.exchange, keys, queueArguments);
    consumers.push(consumer);
    return consumer;
  };
  const listen = async (keys?: readonly string[]): Promise<EventConsumer> => {
    const consumer = await bind(keys);
    await consumer.consume();
    return consumer;
  };
  const unrouted = () => relayed.query<{ event: string }>('SELECT event FROM presence.relay_unrouted ORDER BY event');

  it('lets every entry leave, each chat\'s in their order, as a CloudEvent whose id tells its place', async () => {
    const other = randomUUID();
    const consumer = await listen();
    await relayed.append(chatId, 3);
    relayed.start();
    await consumer.untilHeard(chatId, 3);
    await relayed.append(other, 600);
    await relayed.append(chatId, 1);
    await consumer.untilHeard(other, 600);
    await consumer.untilHeard(chatId, 4);
    expect(consumer.revsOf(chatId)).toEqual(upTo(4));
    expect(consumer.revsOf(other)).toEqual(upTo(600));
    expect(consumer.events).toHaveLength(604);
    expect(consumer.events[0]).toEqual({
      specversion: '1.0', id: `presence/${chatId}/1`, source: '/switchboard/presence-service', type: 'switchboard.presence.said.v1', subject: chatId,
      time: expect.any(String), datacontenttype: 'application/json', sequence: '0000000001', data: { n: 1 },
    });
  });

  it('goes on where it was when it is started again, and another time begins with what is new', async () => {
    const consumer = await listen();
    await relayed.append(chatId, 5);
    // Transactions of other tests, while they last, hold the end of the log back.
    await waitFor(async () => (await relayed.log.readAll(relayed.pool, LOG_START, 10)).length === 5, { what: 'the end of the log', timeoutMs: 20_000 });
    const first = relayed.start({ from: 'now' });
    await waitFor(async () => (await relayed.query('SELECT FROM presence.relay_cursor')).length > 0, { what: 'the relay to begin' });
    await relayed.append(randomUUID(), 1);
    await waitFor(() => consumer.events.length > 0, { what: 'what is new' });
    await relayed.stop(first);
    await relayed.append(chatId, 2);
    relayed.start({ from: 'beginning' });
    await consumer.untilHeard(chatId, 2);
    expect(consumer.revsOf(chatId)).toEqual([6, 7]);
  });

  it('keeps what no queue takes in the log, and lets it leave in its order once one does', async () => {
    await relayed.append(chatId, 2);
    await relayed.append(chatId, 2, 'seen');
    relayed.start();
    await waitFor(async () => (await unrouted()).length === 2, { what: 'both kinds to be unrouted' });
    await relayed.append(chatId, 550);
    await relayed.append(chatId, 1, 'seen');
    const consumer = await listen();
    await consumer.untilHeard(chatId, 555);
    await relayed.append(chatId, 1);
    await consumer.untilHeard(chatId, 556);
    expect(consumer.revsOf(chatId)).toEqual(upTo(556));
    expect(await unrouted()).toEqual([]);
  });

  it('lets pages and pages of what waited leave at once', async () => {
    const others = Array.from({ length: 40 }, () => randomUUID());
    for (const other of others) await relayed.append(other, 100);
    relayed.start();
    await waitFor(async () => (await unrouted()).length === 1, { what: 'them to be unrouted' });
    const consumer = await listen();
    // Eight pages, of which each would otherwise wait for two seconds.
    await waitFor(() => others.every((other) => consumer.revsOf(other).length === 100), { what: 'all of them', timeoutMs: 12_000, everyMs: 100 });
    await waitFor(async () => (await unrouted()).length === 0, { what: 'nothing to wait any more' });
  });

  it('lets what waits of a kind leave before what is new of any', async () => {
    await relayed.append(chatId, 1);
    const consumer = await listen(['presence.seen']);
    relayed.start();
    await waitFor(async () => (await unrouted()).length === 1, { what: 'one kind to be unrouted' });
    await consumer.bindKey(relayed.exchange, 'presence.said');
    await relayed.append(chatId, 1, 'seen');
    await relayed.append(chatId, 1);
    await relayed.append(chatId, 1, 'seen');
    await consumer.untilHeard(chatId, 4);
    expect(consumer.revsOf(chatId)).toEqual([1, 2, 3, 4]);
  });

  it('lets those kinds leave that are wanted, and what waits behind many that are not', async () => {
    const consumer = await listen(['presence.seen']);
    await relayed.append(chatId, 600);
    relayed.start();
    await waitFor(async () => (await unrouted()).length === 1, { what: 'one kind to be unrouted' });
    await relayed.append(chatId, 1, 'seen');
    await consumer.untilHeard(chatId, 1);
    expect(consumer.revsOf(chatId)).toEqual([601]);
    await consumer.close();
    const late = await listen(['presence.said']);
    await late.untilHeard(chatId, 600);
    expect(late.revsOf(chatId)).toEqual(upTo(600));
  });

  it.each(['relay.publishing=kill@7', 'relay.confirmed=kill@7', 'relay.pageConfirmed=kill@1', 'relay.pageConfirmed=kill@2'])('loses nothing when it dies at %s, and repeats at most a page, under the same ids', async (failpoint) => {
    const consumer = await listen();
    await relayed.append(chatId, 600);
    await relayed.startAndDie(failpoint);
    relayed.start();
    await waitFor(async () => isDeepStrictEqual(await relayed.query('SELECT xact, position FROM presence.relay_cursor'), [await relayed.log.end(relayed.pool)]), { what: 'all to have left' });
    const last = randomUUID();
    await relayed.append(last, 1);
    await consumer.untilHeard(last, 1);
    expect(consumer.revsOf(chatId)).toEqual(upTo(600));
    expect(consumer.events.length).toBeGreaterThan(601);
    expect(consumer.events.length).toBeLessThanOrEqual(1_101);
  }, 20_000);

  it('waits for a queue that is full, which then gets everything in its order', async () => {
    const consumer = await bind(['#'], { 'x-max-length': 7, 'x-overflow': 'reject-publish' });
    await relayed.append(chatId, 20);
    relayed.start();
    await waitFor(async () => (await consumer.depth()) === 7, { what: 'the queue to be full' });
    await consumer.consume();
    await consumer.untilHeard(chatId, 20, 20_000);
    expect(consumer.revsOf(chatId)).toEqual(upTo(20));
  });
});
