import { randomUUID } from 'node:crypto';
import { CloudEvent } from '@switchboard/shared/contracts';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { waitFor } from './wait-for.ts';

/** A durable queue for integration events, and the events it delivered. */
export class EventConsumer {
  readonly queue: string;
  /** In order of arrival, with repeats. */
  readonly events: CloudEvent[] = [];
  readonly #model: ChannelModel;
  readonly #channel: Channel;

  private constructor(model: ChannelModel, channel: Channel, queue: string) {
    this.#model = model;
    this.#channel = channel;
    this.queue = queue;
  }

  /** Creates a queue bound to these routing keys; by default to all. */
  static async bind(
    url: string,
    exchange: string,
    keys: readonly string[] = ['#'],
    queueArguments: Record<string, unknown> = {},
  ): Promise<EventConsumer> {
    const consumer = await EventConsumer.attach(url, `test-${randomUUID()}`, queueArguments);
    await consumer.#channel.assertExchange(exchange, 'topic', { durable: true });
    for (const key of keys) await consumer.bindKey(exchange, key);
    return consumer;
  }

  async bindKey(exchange: string, key: string): Promise<void> {
    await this.#channel.bindQueue(this.queue, exchange, key);
  }

  /** Declares the queue, which may exist, and attaches to it. */
  static async attach(
    url: string,
    queue: string,
    queueArguments: Record<string, unknown> = {},
  ): Promise<EventConsumer> {
    const model = await connect(url);
    model.on('error', () => undefined);
    const channel = await model.createChannel();
    channel.on('error', () => undefined);
    await channel.assertQueue(queue, { durable: true, arguments: queueArguments });
    return new EventConsumer(model, channel, queue);
  }

  async consume(): Promise<this> {
    await this.#channel.consume(this.queue, (message) => {
      if (message === null) return;
      this.events.push(CloudEvent.parse(JSON.parse(message.content.toString())));
      this.#channel.ack(message);
    });
    return this;
  }

  /** The number of messages in the queue. */
  async depth(): Promise<number> {
    return (await this.#channel.checkQueue(this.queue)).messageCount;
  }

  /** A chat's events without repeats, in order of first arrival. */
  of(chatId: string): CloudEvent[] {
    const first = new Map<string, CloudEvent>();
    for (const event of this.events)
      if (event.subject === chatId && !first.has(event.id)) first.set(event.id, event);
    return [...first.values()];
  }

  /** The log numbers of a chat's events. */
  revsOf(chatId: string): number[] {
    return this.of(chatId).map(({ sequence }) => Number(sequence));
  }

  async untilReceived(chatId: string, count: number, timeoutMs = 20_000): Promise<CloudEvent[]> {
    return waitFor(
      () => {
        const events = this.of(chatId);
        if (events.length < count) throw new Error(`received ${String(events.length)}`);
        return events;
      },
      { what: `${String(count)} events of a chat`, timeoutMs },
    );
  }

  /** Deletes the queue with what it holds. */
  async remove(): Promise<void> {
    await this.#channel.deleteQueue(this.queue);
  }

  async close(): Promise<void> {
    await this.#model.close().catch(() => undefined);
  }
}
