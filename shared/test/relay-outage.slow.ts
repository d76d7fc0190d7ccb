import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  canStartRabbit,
  EventConsumer,
  startRabbit,
  waitFor,
  type TestRabbit,
} from '@switchboard/infra/test';
import { RelayedLog, upTo } from './relays.ts';

(canStartRabbit ? describe : describe.skip)('the relay, when it or RabbitMQ fails', () => {
  let rabbit: TestRabbit;
  let relayed: RelayedLog;
  let consumer: EventConsumer;
  let chatId: string;

  beforeAll(async () => {
    rabbit = await startRabbit();
  }, 90_000);
  beforeEach(async () => {
    relayed = await RelayedLog.create(rabbit.url);
    chatId = randomUUID();
    consumer = await EventConsumer.bind(rabbit.url, relayed.exchange);
  });
  afterEach(async () => {
    await consumer.close();
    await relayed.close();
  });
  afterAll(() => rabbit.stop());

  const others = Array.from({ length: 40 }, () => randomUUID());
  const appendToMany = async (count: number): Promise<void> => {
    for (const other of [chatId, ...others]) await relayed.append(other, count);
  };
  /** Consumes the queue that survived the server. */
  const reconnect = async (): Promise<void> => {
    await consumer.close();
    consumer = await EventConsumer.attach(rabbit.url, consumer.queue);
    await consumer.consume();
  };
  const expectAll = async (count: number): Promise<void> => {
    for (const other of [chatId, ...others]) await consumer.untilReceived(other, count, 30_000);
    for (const other of [chatId, ...others]) expect(consumer.revsOf(other)).toEqual(upTo(count));
  };
  const contentOfEachIdIsOne = (): void => {
    const ids = new Set(consumer.events.map(({ id }) => id));
    expect(new Set(consumer.events.map((event) => JSON.stringify(event))).size).toBe(ids.size);
  };

  it.each([
    'relay.publishing=kill@7',
    'relay.confirmed=kill@7',
    'relay.pageConfirmed=kill@1',
    'relay.pageConfirmed=kill@2',
  ])(
    'loses nothing when it dies at %s, and repeats at most one page under the same ids',
    async (failpoint) => {
      await consumer.consume();
      await relayed.append(chatId, 600);
      await relayed.startAndDie(failpoint);
      relayed.start();
      await waitFor(
        async () =>
          isDeepStrictEqual(await relayed.query('SELECT xact, position FROM presence.relay_cursor'), [
            await relayed.log.end(relayed.pool),
          ]),
        { what: 'all to be published' },
      );
      const last = randomUUID();
      await relayed.append(last, 1);
      await consumer.untilReceived(last, 1);
      expect(consumer.revsOf(chatId)).toEqual(upTo(600));
      expect(consumer.events.length).toBeGreaterThan(601);
      expect(consumer.events.length).toBeLessThanOrEqual(1_101);
    },
    20_000,
  );

  it('loses nothing when the server is killed between publish and confirm, and repeats only under the same id', async () => {
    await appendToMany(100);
    relayed.start();
    await waitFor(async () => (await consumer.depth()) > 300, { what: 'some to have arrived', everyMs: 1 });
    await rabbit.kill();
    await appendToMany(20);
    await rabbit.restart();
    await reconnect();
    await expectAll(120);
    contentOfEachIdIsOne();
  }, 60_000);

  it('loses nothing when the server restarts or freezes', async () => {
    relayed.start();
    await consumer.consume();
    await appendToMany(5);
    await expectAll(5);
    await rabbit.restart();
    await appendToMany(5);
    await reconnect();
    await rabbit.pause();
    await appendToMany(5);
    rabbit.resume();
    const all = [chatId, ...others];
    await waitFor(() => all.every((other) => consumer.revsOf(other).includes(15)), {
      what: 'the last of each chat',
      timeoutMs: 30_000,
    });
    // Messages that the first connection had not acknowledged may come again.
    for (const other of all)
      expect(consumer.revsOf(other).filter((rev) => rev > 5)).toEqual(upTo(15).slice(5));
  }, 60_000);

  it('publishes nothing while the disk of the server is full, and everything after', async () => {
    relayed.start();
    await relayed.append(chatId, 1);
    await waitFor(async () => (await consumer.depth()) === 1, { what: 'the relay to run' });
    await rabbit.ctl('set_disk_free_limit', '1000000GB');
    await appendToMany(10);
    await waitFor(async () => (await rabbit.ctl('list_connections', 'state')).includes('blocked'), {
      what: 'the relay to be blocked',
      everyMs: 100,
    });
    // Each chat had one unconfirmed event.
    expect(await consumer.depth()).toBeLessThanOrEqual(1 + 1 + others.length);
    await rabbit.ctl('set_disk_free_limit', '1MB');
    await consumer.consume();
    for (const other of others) await consumer.untilReceived(other, 10, 20_000);
    expect(consumer.revsOf(chatId)).toEqual(upTo(11));
  }, 60_000);
});
