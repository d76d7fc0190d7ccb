import type { Logger } from 'pino';
import { Counter } from '../telemetry/index.ts';

const skipped = new Counter(
  'switchboard.log.unknown_events',
  '{entry}',
  'Log entries skipped because this version does not know their kind',
  'event',
);

/**
 * Event kinds that a newer version wrote and this one does not know. Every reader of a log skips them, so
 * that an entry of version N does not stop version N−1. Counts each entry; logs each kind once.
 */
export class UnknownEvents {
  readonly #logger: Logger;
  readonly #logged = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  skip(event: string): void {
    skipped.add(1, event);
    if (this.#logged.has(event)) return;
    this.#logged.add(event);
    this.#logger.warn({ event }, 'log: skipped an event of an unknown kind');
  }
}
