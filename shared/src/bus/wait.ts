import type { Logger } from 'pino';

const FIRST_NOTICE_MS = 2_000;
const NOTICE_EVERY_MS = 10_000;

/** Logs a wait for NATS that takes longer than 2 s: since when, and why. The library waits silently. */
export class Wait {
  readonly #servers: string;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  /** The latest reason. */
  why = 'no server accepts the connection';

  constructor(servers: string, logger: Logger) {
    this.#servers = servers;
    this.#logger = logger;
  }

  /** Does nothing while it waits already. */
  begin(): void {
    if (this.#timer !== undefined) return;
    const since = new Date().toISOString();
    const notice = (): void => {
      this.#logger.warn({ servers: this.#servers, since }, `waiting for NATS: ${this.why}`);
      this.#timer = setTimeout(notice, NOTICE_EVERY_MS);
    };
    this.#timer = setTimeout(notice, FIRST_NOTICE_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
