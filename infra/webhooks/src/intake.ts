import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { endConnection, ensureExchange, keepConnected, openConnection } from '@switchboard/shared/amqp';
import type { Logger } from '@switchboard/shared/runtime';
import type { Channel, ConsumeMessage } from 'amqplib';
import { readEvent } from './domain/event.ts';
import type { DeliveryQueue } from './domain/webhook-store.ts';

const PREFETCH = 200;
const RETRY_MS = 500;
/** How often it is asked whether this replica still leads. */
const LOOK_MS = 500;
/** RabbitMQ drops, or gives up, what came back so often; here it comes back only when a connection ends, and must never be lost. */
const NO_LIMIT = 1_000_000_000;

export interface IntakeOptions {
  /** Of RabbitMQ. */
  readonly url: string;
  readonly exchange: string;
  readonly queue: Pick<DeliveryQueue, 'take'>;
  readonly leadership: { readonly isHeld: boolean; untilHeld(signal: AbortSignal): Promise<void> };
  /** Something may be due. */
  readonly onTaken: () => void;
  readonly logger: Logger;
}

/** Beside the exchange: `switchboard.webhooks` for `switchboard.events`. */
export const queueNameOf = (exchange: string): string => `${exchange.replace(/\.events$/, '')}.webhooks`;

/**
 * Takes events from RabbitMQ into Postgres, in their order, and acknowledges them after COMMIT. What is not acknowledged stays in RabbitMQ or
 * comes again: neither of the two being away loses anything. Connects anew for ever. Of several replicas the one that leads does it.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#running = keepConnected(() => this.#connectOnce(), { signal: this.#ending.signal, logger: options.logger, meanwhile: 'events wait' });
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  /** Until the connection, or the leadership, has ended; throws what a channel was closed for. */
  async #connectOnce(): Promise<void> {
    const { url, exchange, leadership } = this.#options;
    await leadership.untilHeld(this.#ending.signal);
    const model = await openConnection(url, 'webhook-service');
    const over = new AbortController();
    const end = () => { over.abort(); };
    let working = Promise.resolve();
    try {
      model.on('close', end);
      await ensureExchange(model, exchange);
      const channel = await model.createChannel();
      const closed: { for?: Error } = {};
      channel.on('error', (error: Error) => { closed.for = error; });
      channel.on('close', end);
      working = this.#consume(channel, over);
      void working.catch(end);
      while (!over.signal.aborted && !this.#ending.signal.aborted && leadership.isHeld) await sleep(LOOK_MS, undefined, { signal: AbortSignal.any([over.signal, this.#ending.signal]) }).catch(() => undefined);
      if (closed.for !== undefined) throw closed.for;
    } finally {
      end();
      await endConnection(model);
      await working;
    }
  }

  async #consume(channel: Channel, over: AbortController): Promise<void> {
    const { exchange, logger } = this.#options;
    const queue = queueNameOf(exchange);
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', 'x-single-active-consumer': true, 'x-delivery-limit': NO_LIMIT } });
    await channel.bindQueue(queue, exchange, '#');
    await channel.prefetch(PREFETCH);
    const arrived: ConsumeMessage[] = [];
    const news = new EventTarget();
    await channel.consume(queue, (message) => {
      // Null: the queue was deleted. It is made again with the next connection.
      if (message === null) over.abort();
      else arrived.push(message);
      news.dispatchEvent(new Event('arrived'));
    });
    logger.info({ queue }, 'events come from RabbitMQ');
    while (!over.signal.aborted) {
      if (arrived.length === 0) await once(news, 'arrived', { signal: over.signal }).catch(() => undefined);
      else await this.#take(channel, arrived.splice(0), over.signal);
    }
  }

  /** What has arrived since the last time is one transaction. */
  async #take(channel: Channel, messages: readonly ConsumeMessage[], over: AbortSignal): Promise<void> {
    const { queue, onTaken, logger } = this.#options;
    const events = messages.flatMap(({ fields, properties, content }) => {
      const event = readEvent(fields.routingKey, content.toString());
      if (event === undefined) logger.error({ routingKey: fields.routingKey, messageId: String(properties.messageId) }, 'a message that is no event of ours was left out');
      return event ?? [];
    });
    for (let attempt = 1; ; attempt++) {
      try {
        await queue.take(events);
        onTaken();
        const last = messages.at(-1);
        if (last !== undefined) channel.ack(last, true);
        return;
      } catch (error) {
        // What is not acknowledged comes again.
        if (over.aborted) return;
        if (attempt % 20 === 1) logger.warn({ err: error }, 'events could not be taken; they wait in RabbitMQ');
        await sleep(RETRY_MS, undefined, { signal: over }).catch(() => undefined);
      }
    }
  }
}
