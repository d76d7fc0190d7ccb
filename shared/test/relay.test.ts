import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  canOpenRabbit,
  EventConsumer,
  openRabbit,
  waitFor,
  type SharedRabbit,
} from '@switchboard/infra/test';
import { LOG_START } from '../src/log/index.ts';
import { RelayedLog, upTo } from './relays.ts';

(canOpenRabbit ? describe : describe.skip)('the relay of a log to RabbitMQ', () => {
  let rabbit: SharedRabbit;
  let relayed: RelayedLog;
  let chatId: string;
  const consumers: EventConsumer[] = [];

  beforeAll(async () => {
    rabbit = await openRabbit();
  }, 90_000);
  beforeEach(async () => {
    relayed = await RelayedLog.create(rabbit.url);
    chatId = randomUUID();
  });
  afterEach(async () => {
    await Promise.all(consumers.splice(0).map((consumer) => consumer.close()));
    await relayed.close();
  });
  afterAll(() => rabbit.stop());

  const bind = async (
    keys?: readonly string[],
    queueArguments?: Record<string, unknown>,
  ): Promise<EventConsumer> => {
    const consumer = await EventConsumer.bind(rabbit.url, relayed.exchange, keys, queueArguments);
    consumers.push(consumer);
    return consumer;
  };
  const listen = async (keys?: readonly string[]): Promise<EventConsumer> => {
    const consumer = await bind(keys);
    await consumer.consume();
    return consumer;
  };
  const unrouted = () =>
    relayed.query<{ event: string }>('SELECT event FROM presence.relay_unrouted ORDER BY event');
  // The relay notes what it could not route after the broker has confirmed the page.
  const untilUnrouted = (...events: string[]) =>
    waitFor(
      async () =>
        isDeepStrictEqual(
          (await unrouted()).map(({ event }) => event),
          events,
        ),
      {
        what: `the unrouted kinds to be [${events.join(', ')}]`,
      },
    );

  it('publishes every entry, in order per chat, as a CloudEvent whose id is its place in the log', async () => {
    const other = randomUUID();
    const consumer = await listen();
    await relayed.append(chatId, 3);
    relayed.start();
    await consumer.untilReceived(chatId, 3);
    await relayed.append(other, 600);
    await relayed.append(chatId, 1);
    await consumer.untilReceived(other, 600);
    await consumer.untilReceived(chatId, 4);
    expect(consumer.revsOf(chatId)).toEqual(upTo(4));
    expect(consumer.revsOf(other)).toEqual(upTo(600));
    expect(consumer.events).toHaveLength(604);
    expect(consumer.events[0]).toEqual({
      specversion: '1.0',
      id: `presence/${chatId}/1`,
      source: '/switchboard/presence-service',
      type: 'switchboard.presence.said.v1',
      subject: chatId,
      time: expect.any(String),
      datacontenttype: 'application/json',
      sequence: '0000000001',
      data: { n: 1 },
    });
  });

  it('resumes at its cursor, or begins at the end of the log with from: now', async () => {
    const consumer = await listen();
    await relayed.append(chatId, 5);
    // Open transactions of other tests hold the end of the log back.
    await waitFor(async () => (await relayed.log.readAll(relayed.pool, LOG_START, 10)).length === 5, {
      what: 'the end of the log',
      timeoutMs: 20_000,
    });
    const first = relayed.start({ from: 'now' });
    await waitFor(async () => (await relayed.query('SELECT FROM presence.relay_cursor')).length > 0, {
      what: 'the relay to begin',
    });
    await relayed.append(randomUUID(), 1);
    await waitFor(() => consumer.events.length > 0, { what: 'the new entry' });
    await relayed.stop(first);
    await relayed.append(chatId, 2);
    relayed.start({ from: 'beginning' });
    await consumer.untilReceived(chatId, 2);
    expect(consumer.revsOf(chatId)).toEqual([6, 7]);
  });

  it('keeps unrouted entries in the log, and publishes them in order once a queue is bound', async () => {
    await relayed.append(chatId, 2);
    await relayed.append(chatId, 2, 'seen');
    relayed.start();
    await untilUnrouted('said', 'seen');
    await relayed.append(chatId, 550);
    await relayed.append(chatId, 1, 'seen');
    const consumer = await listen();
    await consumer.untilReceived(chatId, 555);
    await relayed.append(chatId, 1);
    await consumer.untilReceived(chatId, 556);
    expect(consumer.revsOf(chatId)).toEqual(upTo(556));
    await untilUnrouted();
  });

  it('keeps nothing for a queue that is bound after another one took the events', async () => {
    await relayed.append(chatId, 2);
    relayed.start();
    await untilUnrouted('said');
    const first = await listen(['#']);
    await first.untilReceived(chatId, 2);
    await untilUnrouted();
    await relayed.append(chatId, 1);
    await first.untilReceived(chatId, 3);
    const late = await listen(['presence.said']);
    await relayed.append(chatId, 1);
    await late.untilReceived(chatId, 1);
    await first.untilReceived(chatId, 4);
    expect([first, late].map((consumer) => consumer.revsOf(chatId))).toEqual([[1, 2, 3, 4], [4]]);
  });

  it('keeps events from the moment at which the last queue of their kind is gone', async () => {
    const first = await listen(['presence.said']);
    relayed.start();
    await relayed.append(chatId, 1);
    await first.untilReceived(chatId, 1);
    await first.remove();
    await relayed.append(chatId, 2);
    await untilUnrouted('said');
    const next = await listen(['presence.said']);
    await next.untilReceived(chatId, 2);
    expect(next.revsOf(chatId)).toEqual([2, 3]);
  });

  it('publishes many pages of waiting entries without a pause', async () => {
    const others = Array.from({ length: 40 }, () => randomUUID());
    for (const other of others) await relayed.append(other, 100);
    relayed.start();
    await untilUnrouted('said');
    const consumer = await listen();
    // Eight pages, each of which would otherwise wait two seconds.
    await waitFor(() => others.every((other) => consumer.revsOf(other).length === 100), {
      what: 'all of them',
      timeoutMs: 12_000,
      everyMs: 100,
    });
    await untilUnrouted();
  });

  it('publishes waiting entries before new ones', async () => {
    await relayed.append(chatId, 1);
    const consumer = await listen(['presence.seen']);
    relayed.start();
    await untilUnrouted('said');
    await consumer.bindKey(relayed.exchange, 'presence.said');
    await relayed.append(chatId, 1, 'seen');
    await relayed.append(chatId, 1);
    await relayed.append(chatId, 1, 'seen');
    await consumer.untilReceived(chatId, 4);
    expect(consumer.revsOf(chatId)).toEqual([1, 2, 3, 4]);
  });

  it('publishes routed kinds that wait behind many unrouted entries', async () => {
    const consumer = await listen(['presence.seen']);
    await relayed.append(chatId, 600);
    relayed.start();
    await untilUnrouted('said');
    await relayed.append(chatId, 1, 'seen');
    await consumer.untilReceived(chatId, 1);
    expect(consumer.revsOf(chatId)).toEqual([601]);
    await consumer.close();
    const late = await listen(['presence.said']);
    await late.untilReceived(chatId, 600);
    expect(late.revsOf(chatId)).toEqual(upTo(600));
  });

  it('gives an entry that is rendered in a newer state an id of its own, and says of which', async () => {
    const consumer = await listen();
    await relayed.append(chatId, 3);
    relayed.start({ asOf: (rev) => (rev === 2 ? 3 : rev) });
    await consumer.untilReceived(chatId, 3);
    expect(consumer.of(chatId).map(({ id, sequence, stateof }) => [id, sequence, stateof])).toEqual([
      [`presence/${chatId}/1`, '0000000001', undefined],
      [`presence/${chatId}/2@3`, '0000000002', '0000000003'],
      [`presence/${chatId}/3`, '0000000003', undefined],
    ]);
  });

  it('skips an unknown kind, and publishes it once a replica knows it', async () => {
    const consumer = await listen();
    await relayed.append(chatId, 1);
    await relayed.append(chatId, 2, 'invented');
    await relayed.append(chatId, 1);
    const older = relayed.start();
    await consumer.untilReceived(chatId, 2);
    expect(consumer.revsOf(chatId)).toEqual([1, 4]);
    await untilUnrouted('invented');
    expect(relayed.lines.filter((line) => line.includes('unknown kind'))).toHaveLength(1);
    await relayed.stop(older);
    relayed.start({ kinds: ['said', 'seen', 'invented'] });
    await consumer.untilReceived(chatId, 4);
    expect(new Set(consumer.revsOf(chatId))).toEqual(new Set(upTo(4)));
    await untilUnrouted();
  });

  it('waits for a full queue, which then receives everything in order', async () => {
    const consumer = await bind(['#'], { 'x-max-length': 7, 'x-overflow': 'reject-publish' });
    await relayed.append(chatId, 20);
    relayed.start();
    await waitFor(async () => (await consumer.depth()) === 7, { what: 'the queue to be full' });
    await consumer.consume();
    await consumer.untilReceived(chatId, 20, 20_000);
    expect(consumer.revsOf(chatId)).toEqual(upTo(20));
  });
});
