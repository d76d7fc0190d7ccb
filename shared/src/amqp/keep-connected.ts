import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { addressOf } from '../addresses.ts';
import { isAccessRefused } from './internals/amqplib.ts';

const RETRY_MS = 500;
/** Only a person can correct a password or a right. */
const REFUSED_RETRY_MS = 2_000;
/** How often a continuing failure is logged. */
const LOG_EVERY_MS = 10_000;

/** A shorter attempt never connected: the timeout of a connection is 5 s. */
const CONNECTED_AFTER_MS = 6_000;

export interface KeepConnectedOptions {
  readonly url: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** What happens to events while there is no connection. */
  readonly meanwhile: string;
}

/** Repeats `connectOnce`, which lasts as long as its connection, until `signal` is aborted. */
export async function keepConnected(
  connectOnce: () => Promise<void>,
  { url, signal, logger, meanwhile }: KeepConnectedOptions,
): Promise<void> {
  const address = addressOf(url);
  let since = new Date();
  for (let logged = { error: '', at: -Infinity }; ;) {
    let isRefused = false;
    const began = performance.now();
    try {
      signal.throwIfAborted();
      await connectOnce();
    } catch (error) {
      if (signal.aborted) return;
      if (performance.now() - began > CONNECTED_AFTER_MS) since = new Date();
      isRefused = isAccessRefused(error);
      if (String(error) !== logged.error || performance.now() - logged.at > LOG_EVERY_MS) {
        logged = { error: String(error), at: performance.now() };
        logger.warn(
          { address, since: since.toISOString(), err: error },
          `${isRefused ? 'amqp: RabbitMQ refused this user, password or right' : 'amqp: RabbitMQ is unavailable'}; ${meanwhile}`,
        );
      }
    }
    await sleep(isRefused ? REFUSED_RETRY_MS : RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}
