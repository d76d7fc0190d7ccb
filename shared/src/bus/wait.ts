import type { Logger } from 'pino';

const FIRST_NOTICE_MS = 2_000;
const NOTICE_EVERY_MS = 10_000;
const NO_SERVER = 'no server accepts the connection';

export interface WaitOptions {
  /** The servers' addresses. */
  readonly servers: string;
  /** Who the process claims to be, without secrets. */
  readonly login: () => string | undefined;
  /** A reason that the client library does not report. */
  readonly diagnose: () => Promise<string | undefined>;
  readonly logger: Logger;
}

/** Logs a wait for NATS that takes longer than 2 s: since when, and why. The library waits silently. */
export class Wait {
  readonly #options: WaitOptions;
  #timer: NodeJS.Timeout | undefined;
  #why = NO_SERVER;

  constructor(options: WaitOptions) {
    this.#options = options;
  }

  /** The latest reason. */
  set why(reason: string) {
    this.#why = reason;
  }

  /** Does nothing while it waits already. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#why = NO_SERVER;
    const since = new Date().toISOString();
    const notice = (): void => {
      this.#timer = setTimeout(notice, NOTICE_EVERY_MS);
      void this.#log(since);
    };
    this.#timer = setTimeout(notice, FIRST_NOTICE_MS);
  }

  async #log(since: string): Promise<void> {
    const { servers, login, diagnose, logger } = this.#options;
    const why = (await diagnose()) ?? this.#why;
    const as = login();
    if (this.#timer !== undefined)
      logger.warn({ servers, since, ...(as === undefined ? {} : { login: as }) }, `waiting for NATS: ${why}`);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
