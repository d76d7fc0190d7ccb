import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

const RETRY_MS = 500;
/** A password or a right is mended by people. */
const REFUSED_RETRY_MS = 2_000;
/** How often the same failure is told that goes on. */
const TELL_MS = 10_000;

export interface KeepConnectedOptions {
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** What becomes of events while there is no connection. */
  readonly meanwhile: string;
}

/** Calls `connectOnce`, which lasts as long as its connection, again and again until `signal` is aborted. */
export async function keepConnected(connectOnce: () => Promise<void>, { signal, logger, meanwhile }: KeepConnectedOptions): Promise<void> {
  for (let told = { what: '', at: -Infinity }; ;) {
    let isRefused = false;
    try {
      signal.throwIfAborted();
      await connectOnce();
    } catch (error) {
      if (signal.aborted) return;
      isRefused = isRefusal(error);
      if (String(error) !== told.what || performance.now() - told.at > TELL_MS) {
        told = { what: String(error), at: performance.now() };
        logger.warn({ err: error }, `${isRefused ? 'RabbitMQ refuses this user, password or right' : 'RabbitMQ is not there'}; ${meanwhile}`);
      }
    }
    await sleep(isRefused ? REFUSED_RETRY_MS : RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** A wrong password, or a right that is missing; the last is how amqplib tells of a virtual host that one must not enter. */
const isRefusal = (error: unknown): boolean => error instanceof Error && /\(ACCESS-REFUSED\)|\(NOT-ALLOWED\)|Expected ConnectionOpenOk; got <ConnectionClose/.test(error.message);
