import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { endConnection, ensureExchange, keepConnected, openConnection } from '@switchboard/shared/amqp';
import type { Logger } from '@switchboard/shared/runtime';
import type { Channel, ConsumeMessage } from 'amqplib';
import { readEvent } from './domain/event.ts';
import type { DeliveryQueue } from './domain/webhook-store.ts';

const PREFETCH = 200;
const RETRY_MS = 500;
/** How often this replica checks that it still leads. */
const LEADERSHIP_CHECK_MS = 500;
/**
 * RabbitMQ drops a message that was redelivered more often than this. Here only the end of a connection
 * causes a redelivery, and no event may be lost.
 */
const NO_DELIVERY_LIMIT = 1_000_000_000;

export interface IntakeOptions {
  /** The URL of RabbitMQ. */
  readonly url: string;
  readonly exchange: string;
  readonly queue: Pick<DeliveryQueue, 'enqueue'>;
  readonly leadership: { readonly isHeld: boolean; untilHeld(signal: AbortSignal): Promise<void> };
  /** Called after new deliveries were stored. */
  readonly onStored: () => void;
  readonly logger: Logger;
}

/** Derived from the exchange: `switchboard.webhooks` for `switchboard.events`. */
export const queueNameOf = (exchange: string): string => `${exchange.replace(/\.events$/, '')}.webhooks`;

/**
 * Copies events from RabbitMQ to Postgres, in order, and acknowledges them after COMMIT. RabbitMQ redelivers
 * an unacknowledged event, so an outage of either loses nothing. Reconnects until stopped. Runs on the
 * leading replica only.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#running = keepConnected(() => this.#connectOnce(), {
      url: options.url,
      signal: this.#ending.signal,
      logger: options.logger,
      meanwhile: 'events wait',
    });
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  /** Resolves when the connection or the leadership ends; throws the error that closed the channel. */
  async #connectOnce(): Promise<void> {
    const { url, exchange, leadership } = this.#options;
    await leadership.untilHeld(this.#ending.signal);
    const model = await openConnection(url, 'webhook-service');
    const over = new AbortController();
    const end = () => {
      over.abort();
    };
    let working = Promise.resolve();
    try {
      model.on('close', end);
      await ensureExchange(model, exchange);
      const channel = await model.createChannel();
      const failure: { error?: Error } = {};
      channel.on('error', (error: Error) => {
        failure.error = error;
      });
      channel.on('close', end);
      working = this.#consume(channel, over);
      void working.catch(end);
      while (!over.signal.aborted && !this.#ending.signal.aborted && leadership.isHeld)
        await sleep(LEADERSHIP_CHECK_MS, undefined, {
          signal: AbortSignal.any([over.signal, this.#ending.signal]),
        }).catch(() => undefined);
      if (failure.error !== undefined) throw failure.error;
    } finally {
      end();
      await endConnection(model);
      await working;
    }
  }

  async #consume(channel: Channel, over: AbortController): Promise<void> {
    const { exchange, logger } = this.#options;
    const queue = queueNameOf(exchange);
    await channel.assertQueue(queue, {
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-single-active-consumer': true,
        'x-delivery-limit': NO_DELIVERY_LIMIT,
      },
    });
    await channel.bindQueue(queue, exchange, '#');
    await channel.prefetch(PREFETCH);
    const arrived: ConsumeMessage[] = [];
    const arrivals = new EventTarget();
    await channel.consume(queue, (message) => {
      // Null: the queue was deleted. The next connection declares it again.
      if (message === null) over.abort();
      else arrived.push(message);
      arrivals.dispatchEvent(new Event('arrived'));
    });
    logger.info({ queue }, 'intake: consuming events from RabbitMQ');
    while (!over.signal.aborted) {
      if (arrived.length === 0)
        await once(arrivals, 'arrived', { signal: over.signal }).catch(() => undefined);
      else await this.#store(channel, arrived.splice(0), over.signal);
    }
  }

  /** Stores all messages that arrived since the last call in one transaction. */
  async #store(channel: Channel, messages: readonly ConsumeMessage[], over: AbortSignal): Promise<void> {
    const { queue, onStored, logger } = this.#options;
    const events = messages.flatMap(({ fields, properties, content }) => {
      const event = readEvent(fields.routingKey, content.toString());
      if (event === undefined)
        logger.error(
          { routingKey: fields.routingKey, messageId: String(properties.messageId) },
          'intake: skipped a message that is not a Switchboard event',
        );
      return event ?? [];
    });
    for (let attempt = 1; ; attempt++) {
      try {
        await queue.enqueue(events);
        onStored();
        const last = messages.at(-1);
        if (last !== undefined) channel.ack(last, true);
        return;
      } catch (error) {
        // RabbitMQ redelivers what is not acknowledged.
        if (over.aborted) return;
        if (attempt % 20 === 1)
          logger.warn({ err: error }, 'intake: storing events failed; they wait in RabbitMQ');
        await sleep(RETRY_MS, undefined, { signal: over }).catch(() => undefined);
      }
    }
  }
}
