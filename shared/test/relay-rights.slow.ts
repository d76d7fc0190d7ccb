import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  canStartRabbit,
  EventConsumer,
  startPreparedRabbit,
  waitFor,
  type PreparedRabbit,
} from '@switchboard/infra/test';
import { EVENTS_EXCHANGE } from '../src/contracts/index.ts';
import { RelayedLog, upTo } from './relays.ts';

// The relay as a user of production, without the right to create anything.

(canStartRabbit ? describe : describe.skip)('the relay with only its own rights', () => {
  let rabbit: PreparedRabbit;
  let consumer: EventConsumer;
  let chatId: string;
  const logs: RelayedLog[] = [];

  beforeAll(async () => {
    rabbit = await startPreparedRabbit();
  }, 90_000);
  beforeEach(async () => {
    chatId = randomUUID();
    consumer = await (await EventConsumer.bind(rabbit.url, EVENTS_EXCHANGE)).consume();
  });
  afterEach(async () => {
    await consumer.close();
    for (const log of logs.splice(0)) await log.close();
  });
  afterAll(() => rabbit.stop());

  type Owner = 'chat' | 'message';
  const relayedAs = async (user: `${Owner}-service`, owner: Owner): Promise<RelayedLog> => {
    const relayed = await RelayedLog.create(rabbit.urlOf(user), { owner, exchange: EVENTS_EXCHANGE });
    logs.push(relayed);
    return relayed;
  };
  const refusals = (relayed: RelayedLog): string[] =>
    relayed.lines.filter((line) => line.includes('RabbitMQ refused'));

  it.each(['chat', 'message'] as const)('publishes the events of %s-service', async (owner) => {
    const relayed = await relayedAs(`${owner}-service`, owner);
    relayed.start();
    await relayed.append(chatId, 3);
    await consumer.untilReceived(chatId, 3);
    expect(relayed.lines.join()).not.toContain('refuse');
  });

  it('logs a missing right, retries slowly, and continues once it has the right', async () => {
    const relayed = await relayedAs('chat-service', 'message');
    await relayed.append(chatId, 3);
    relayed.start();
    await waitFor(() => refusals(relayed)[0]?.includes("access to topic 'message.said'"), {
      what: 'the relay to log it',
    });
    expect(relayed.lines.find((line) => line.includes('publishing events failed'))).toContain(
      "access to topic 'message.said'",
    );
    const refusedAt = performance.now();
    await waitFor(() => relayed.lines.filter((line) => line.includes('connected to RabbitMQ')).length > 1, {
      what: 'another attempt',
      timeoutMs: 10_000,
    });
    expect(performance.now() - refusedAt).toBeGreaterThan(1_500);
    await rabbit.ctl('set_topic_permissions', 'chat-service', EVENTS_EXCHANGE, '.*', '^$');
    await consumer.untilReceived(chatId, 3);
    expect(consumer.revsOf(chatId)).toEqual(upTo(3));
    await rabbit.importDefinitions();
  });

  it('keeps events waiting while its password is wrong, and publishes them with the new one', async () => {
    const old = await relayedAs('chat-service', 'chat');
    const first = old.start();
    await old.append(chatId, 1);
    await consumer.untilReceived(chatId, 1);
    await rabbit.importDefinitions({ 'chat-service': 'the-new-one' });
    await old.append(chatId, 1);
    await consumer.untilReceived(chatId, 2);
    await rabbit.ctl('close_all_user_connections', 'chat-service', 'for a test');
    await waitFor(() => refusals(old)[0]?.includes('Login was refused'), {
      what: 'the old password to be refused',
    });
    await old.append(chatId, 1);
    await old.stop(first);
    old.start({ url: rabbit.urlOf('chat-service') });
    await consumer.untilReceived(chatId, 3);
    expect(consumer.revsOf(chatId)).toEqual(upTo(3));
  });
});
