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

/** An open connection with its confirm channel. */
interface OpenChannel {
  readonly model: ChannelModel;
  readonly channel: ConfirmChannel;
  /** Ids of returned messages: no queue was bound. */
  readonly returned: Set<string>;
  /** Rejects each message that awaits its confirm. */
  readonly pending: Set<(cause: unknown) => void>;
  isBlocked: boolean;
}

/**
 * Publishes persistent messages with confirms to one durable topic exchange. Reconnects without a limit.
 * When the connection breaks, unconfirmed messages are rejected; they may have arrived.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #ending = new AbortController();
  readonly #changes = new EventEmitter();
  readonly #upkeep: Promise<void>;
  #open: OpenChannel | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#upkeep = keepConnected(() => this.#connectOnce(), {
      url: options.url,
      signal: this.#ending.signal,
      logger: options.logger,
      meanwhile: 'events wait in the log',
    });
  }

  /** `ready`: the broker accepts messages. `blocked`: it paused publishers. `away`: no connection. */
  get state(): 'ready' | 'blocked' | 'away' {
    if (this.#open === undefined) return 'away';
    return this.#open.isBlocked ? 'blocked' : 'ready';
  }

  /** Resolves once the broker accepts messages; rejects when `signal` is aborted first. */
  async untilReady(signal: AbortSignal): Promise<void> {
    while (this.state !== 'ready') await once(this.#changes, 'ready', { signal });
  }

  /**
   * Resolves once the broker confirms: true when a queue has the message, false when none is bound. Throws
   * UNAVAILABLE when the broker rejects it, as a full queue does, or is away.
   */
  publish({ routingKey, content, options }: Publication): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const open = this.#open;
      const fail = (cause: unknown): void => {
        reject(new Failure('UNAVAILABLE', undefined, { cause }));
      };
      if (open === undefined) {
        fail(undefined);
        return;
      }
      open.pending.add(fail);
      open.channel.publish(
        this.#options.exchange,
        routingKey,
        content,
        { ...options, persistent: true, mandatory: true },
        (error: unknown) => {
          open.pending.delete(fail);
          // A return precedes its confirm.
          const isReturned = open.returned.delete(options.messageId);
          if (error === null || error === undefined) resolve(!isReturned);
          else fail(error);
        },
      );
    });
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#upkeep;
  }

  /** Lasts until the connection or its channel ends. Throws the error that closed the channel. */
  async #connectOnce(): Promise<void> {
    const { url, exchange, name, logger } = this.#options;
    const { signal } = this.#ending;
    const model = await openConnection(url, name);
    try {
      await ensureExchange(model, exchange);
      const channel = await model.createConfirmChannel();
      signal.throwIfAborted();
      const open: OpenChannel = { model, channel, returned: new Set(), pending: new Set(), isBlocked: false };
      channel.on('error', (error) => {
        rejectPending(open, error);
      });
      channel.on('return', ({ properties }: Message) => {
        open.returned.add(String(properties.messageId));
      });
      model.on('blocked', (reason: string) => {
        open.isBlocked = true;
        logger.warn({ reason }, 'amqp: RabbitMQ blocked publishing; events wait in the log');
      });
      model.on('unblocked', () => {
        open.isBlocked = false;
        this.#changes.emit('ready');
      });
      const over = Promise.race([once(model, 'close'), once(channel, 'close'), once(signal, 'abort')]);
      this.#open = open;
      logger.info('amqp: connected to RabbitMQ');
      this.#changes.emit('ready');
      await over;
      if (!signal.aborted) logger.warn('amqp: the connection to RabbitMQ ended; events wait in the log');
    } finally {
      if (this.#open !== undefined) rejectPending(this.#open, new Error('the connection to RabbitMQ ended'));
      this.#open = undefined;
      await endConnection(model);
    }
  }
}

function rejectPending({ pending }: OpenChannel, cause: unknown): void {
  for (const fail of pending) fail(cause);
}
