import { EventEmitter, once } from 'node:events';
import type { ChannelModel, ConfirmChannel, Message, Options } from 'amqplib';
import type { Logger } from 'pino';
import { Failure } from '../errors.ts';
import { endConnection, openConnection } from './connection.ts';
import { ensureExchange } from './ensure-exchange.ts';
import { keepConnected } from './keep-connected.ts';

export interface Publication {
  readonly routingKey: string;
  readonly content: Buffer;
  readonly options: Options.Publish & { readonly messageId: string };
}

export interface PublisherOptions {
  readonly url: string;
  readonly exchange: string;
  /** Shown in RabbitMQ's list of connections. */
  readonly name: string;
  readonly logger: Logger;
}

/** A channel in use, until it fails. */
interface Line {
  readonly model: ChannelModel;
  readonly channel: ConfirmChannel;
  /** Ids of what the broker gave back: it had nowhere to put it. */
  readonly returned: Set<string>;
  /** What is under way: how to give it up. */
  readonly pending: Set<(cause: unknown) => void>;
  isBlocked: boolean;
}

/**
 * A connection to RabbitMQ that publishes to one durable topic exchange, persistently, with confirms. It is made anew for ever; what was
 * under way when it fell is rejected, and may or may not have arrived.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #ending = new AbortController();
  readonly #news = new EventEmitter();
  readonly #upkeep: Promise<void>;
  #line: Line | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#upkeep = keepConnected(() => this.#connectOnce(), { signal: this.#ending.signal, logger: options.logger, meanwhile: 'events wait in the log' });
  }

  /** Whether what is published now can be taken. */
  get state(): 'ready' | 'blocked' | 'away' {
    if (this.#line === undefined) return 'away';
    return this.#line.isBlocked ? 'blocked' : 'ready';
  }

  /** Resolves while the broker takes what is published; rejects when `signal` is aborted first. */
  async untilReady(signal: AbortSignal): Promise<void> {
    while (this.state !== 'ready') await once(this.#news, 'ready', { signal });
  }

  /**
   * Resolves once the broker answers for it: true when it is in every queue that wants it, false when none does. Throws UNAVAILABLE when the
   * broker refuses it (a queue that is full), or is not there.
   */
  publish({ routingKey, content, options }: Publication): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const line = this.#line;
      const fail = (cause: unknown): void => { reject(new Failure('UNAVAILABLE', undefined, { cause })); };
      if (line === undefined) {
        fail(undefined);
        return;
      }
      line.pending.add(fail);
      line.channel.publish(this.#options.exchange, routingKey, content, { ...options, persistent: true, mandatory: true }, (error: unknown) => {
        line.pending.delete(fail);
        // What is returned is returned before it is confirmed.
        const isReturned = line.returned.delete(options.messageId);
        if (error === null || error === undefined) resolve(!isReturned);
        else fail(error);
      });
    });
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#upkeep;
  }

  /** Until the connection, or its channel, has ended; throws what a channel was closed for. */
  async #connectOnce(): Promise<void> {
    const { url, exchange, name, logger } = this.#options;
    const { signal } = this.#ending;
    const model = await openConnection(url, name);
    try {
      await ensureExchange(model, exchange);
      const channel = await model.createConfirmChannel();
      signal.throwIfAborted();
      const line: Line = { model, channel, returned: new Set(), pending: new Set(), isBlocked: false };
      channel.on('error', (error) => { giveUp(line, error); });
      channel.on('return', ({ properties }: Message) => { line.returned.add(String(properties.messageId)); });
      model.on('blocked', (reason: string) => {
        line.isBlocked = true;
        logger.warn({ reason }, 'RabbitMQ takes nothing for now; events wait in the log');
      });
      model.on('unblocked', () => {
        line.isBlocked = false;
        this.#news.emit('ready');
      });
      const over = Promise.race([once(model, 'close'), once(channel, 'close'), once(signal, 'abort')]);
      this.#line = line;
      logger.info('RabbitMQ is there');
      this.#news.emit('ready');
      await over;
      if (!signal.aborted) logger.warn('the connection to RabbitMQ has ended; events wait in the log');
    } finally {
      if (this.#line !== undefined) giveUp(this.#line, new Error('the connection to RabbitMQ has ended'));
      this.#line = undefined;
      await endConnection(model);
    }
  }
}

function giveUp({ pending }: Line, cause: unknown): void {
  for (const fail of pending) fail(cause);
}
