import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';

/** How often the leader shows that it lives, and how often the others try to follow it. */
const BEAT_MS = 400;
/** A leader of which Postgres hears nothing for so long is none: it was stopped, or its host is gone. With a beat it makes less than 2 s. */
const SILENT_MS = 1_200;

export interface LeadershipOptions {
  /** Straight to Postgres: a pooler that shares sessions would share the lock. */
  readonly url: string;
  /** Among those who use this name in this database there is one leader. */
  readonly name: string;
  readonly logger: Logger;
}

/**
 * Of several replicas one leads: it holds a session's advisory lock, which Postgres takes back when that session ends or
 * falls silent. One that was stopped for a while may still believe that it leads: what it does must bear a second one.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #ending = new AbortController();
  readonly #news = new EventEmitter();
  readonly #pursuit: Promise<void>;
  #isHeld = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#pursuit = this.#pursue();
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Resolves once this replica leads; rejects when `signal` is aborted first. */
  async untilHeld(signal: AbortSignal): Promise<void> {
    while (!this.#isHeld) await once(this.#news, 'held', { signal });
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#pursuit;
  }

  async #pursue(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      try {
        await this.#session();
      } catch (error) {
        this.#options.logger.debug({ err: error }, 'the session that would lead has ended');
      }
      await this.#pause();
    }
  }

  /** One session: tries until it has the lock, holds it while the session lasts. */
  async #session(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.url,
      application_name: `${this.#options.name} leadership`,
      connectionTimeoutMillis: SILENT_MS,
      query_timeout: SILENT_MS,
      options: `-c idle_session_timeout=${SILENT_MS.toString()} -c tcp_user_timeout=${SILENT_MS.toString()}`,
    });
    const lost = new AbortController();
    client.on('error', () => { lost.abort(); });
    client.on('end', () => { this.#set(false); });
    try {
      await client.connect();
      while (!this.#ending.signal.aborted && !lost.signal.aborted) {
        if (this.#isHeld) await client.query('SELECT 1');
        else this.#set(await tryLock(client, this.#options.name));
        await this.#pause();
      }
    } finally {
      this.#set(false);
      // A session that is cut off has nobody to say goodbye to.
      client.connection.stream.destroy();
    }
  }

  #set(isHeld: boolean): void {
    if (isHeld !== this.#isHeld) this.#options.logger.info(isHeld ? `leads ${this.#options.name}` : `leads ${this.#options.name} no longer`);
    this.#isHeld = isHeld;
    if (isHeld) this.#news.emit('held');
  }

  #pause(): Promise<void> {
    return sleep(BEAT_MS, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }
}

async function tryLock(client: pg.Client, name: string): Promise<boolean> {
  const { rows: [row] } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked', [`switchboard.${name}`]);
  return row?.locked === true;
}
