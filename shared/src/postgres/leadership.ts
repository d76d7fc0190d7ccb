import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { reasonOf } from './failures.ts';
import { destroySocket } from './internals/pg.ts';
import { sessionWith } from './session.ts';

/** Interval of the leader's heartbeat, and of the others' attempts. */
const HEARTBEAT_MS = 400;
/**
 * Postgres ends the session of a leader that is silent for this long: it is stopped, or its host is gone. A
 * failover takes less than 2 s.
 */
const SILENT_MS = 1_200;

const setUp = sessionWith({ idle_session_timeout: SILENT_MS, tcp_user_timeout: SILENT_MS });

export interface LeadershipOptions {
  /** Not through a pooler that shares sessions: it would share the lock. */
  readonly url: string;
  /** One leader per name and database. */
  readonly name: string;
  readonly logger: Logger;
}

/**
 * Leader election among replicas by a session's advisory lock. Postgres releases the lock when the session
 * ends or falls silent. A replica that was stopped for a while may still act as leader, so a leader's work
 * must be safe with two leaders.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #ending = new AbortController();
  readonly #changes = new EventEmitter();
  readonly #election: Promise<void>;
  #isHeld = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#election = this.#elect();
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Resolves once this replica leads; rejects when `signal` is aborted first. */
  async untilHeld(signal: AbortSignal): Promise<void> {
    while (!this.#isHeld) await once(this.#changes, 'held', { signal });
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#election;
  }

  async #elect(): Promise<void> {
    let last = '';
    while (!this.#ending.signal.aborted) {
      try {
        await this.#session();
      } catch (error) {
        const reason = reasonOf(error);
        // Each attempt of an outage fails for the same reason.
        if (reason !== last)
          this.#options.logger.warn(
            { name: this.#options.name, err: error },
            'leadership: the session failed',
          );
        last = reason;
      }
      await this.#pause();
    }
  }

  /** One session: tries until it has the lock, then holds it until the session ends. */
  async #session(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.url,
      application_name: `${this.#options.name} leadership`,
      connectionTimeoutMillis: SILENT_MS,
      query_timeout: SILENT_MS,
    });
    const lost = new AbortController();
    client.on('error', () => {
      lost.abort();
    });
    client.on('end', () => {
      this.#set(false);
    });
    try {
      await client.connect();
      await setUp(client);
      while (!this.#ending.signal.aborted && !lost.signal.aborted) {
        if (this.#isHeld) await client.query('SELECT 1');
        else this.#set(await tryLock(client, this.#options.name));
        await this.#pause();
      }
    } finally {
      this.#set(false);
      // A broken session cannot end politely.
      destroySocket(client);
    }
  }

  #set(isHeld: boolean): void {
    if (isHeld !== this.#isHeld)
      this.#options.logger.info(
        { name: this.#options.name },
        isHeld ? 'leadership: became leader' : 'leadership: lost leadership',
      );
    this.#isHeld = isHeld;
    if (isHeld) this.#changes.emit('held');
  }

  #pause(): Promise<void> {
    return sleep(HEARTBEAT_MS, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }
}

async function tryLock(client: pg.Client, name: string): Promise<boolean> {
  const {
    rows: [row],
  } = await client.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
    [`switchboard.${name}`],
  );
  return row?.locked === true;
}
