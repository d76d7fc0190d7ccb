import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ChatLog } from '@switchboard/shared/log';
import { failpointVariables, type TestDatabase } from '@switchboard/infra/test';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import type { RoomOwner } from '../src/contracts/index.ts';
import type { Relay } from '../src/amqp/relay.ts';
import { createOwnSchema, openPool } from './own-schema.ts';
import { relayOf, type Manner, type Place } from './relay-of.ts';

/** A log with two event kinds, and its relays to an exchange of its own. */
export class RelayedLog {
  readonly exchange: string;
  /** The log lines of its relays. */
  readonly lines: string[] = [];
  readonly log = new ChatLog('presence');
  readonly pool: DataSource;
  readonly #database: TestDatabase;
  readonly #url: string;
  readonly #owner: RoomOwner;
  readonly #relays = new Set<Relay>();
  readonly #revs = new Map<string, number>();

  private constructor(
    database: TestDatabase,
    pool: DataSource,
    url: string,
    { exchange = `test.${randomUUID()}`, owner = 'presence' }: { exchange?: string; owner?: RoomOwner },
  ) {
    this.exchange = exchange;
    this.#owner = owner;
    this.#database = database;
    this.pool = pool;
    this.#url = url;
  }

  static async create(
    rabbitUrl: string,
    options: { exchange?: string; owner?: RoomOwner } = {},
  ): Promise<RelayedLog> {
    const database = await createOwnSchema();
    return new RelayedLog(database, await openPool(database), rabbitUrl, options);
  }

  /** `url`: of RabbitMQ, if it changed. */
  start({
    from = 'beginning',
    url = this.#url,
    ...manner
  }: Pick<Manner, 'from' | 'kinds' | 'asOf'> & { url?: string } = {}): Relay {
    const logger = pino(
      {},
      {
        write: (line) => {
          this.lines.push(line);
        },
      },
    );
    const relay = relayOf({ ...this.#place, rabbitUrl: url }, this.pool, {
      from,
      owner: this.#owner,
      logger,
      ...manner,
    });
    this.#relays.add(relay);
    return relay;
  }

  /** Runs a relay in a process that dies at this failpoint; resolves once it died. */
  async startAndDie(failpoint: string): Promise<void> {
    const env = {
      ...process.env,
      SERVICE_INSTANCE: 'relay',
      ...failpointVariables(`relay:${failpoint}`, 'relay'),
    };
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('fixtures/relay.ts', import.meta.url)), JSON.stringify(this.#place)],
      { env, stdio: 'ignore' },
    );
    const [, signal] = (await once(child, 'exit')) as unknown[];
    if (signal !== 'SIGKILL') throw new Error(`the relay was not killed at ${failpoint}`);
  }

  get #place(): Place {
    return {
      rabbitUrl: this.#url,
      databaseUrl: this.#database.url('presence_service'),
      exchange: this.exchange,
    };
  }

  async stop(relay: Relay): Promise<void> {
    this.#relays.delete(relay);
    await relay.stop();
  }

  /** Appends this many entries to a chat. */
  async append(chatId: string, count: number, event = 'said'): Promise<void> {
    const rev = this.#revs.get(chatId) ?? 0;
    this.#revs.set(chatId, rev + count);
    await this.log.append(
      this.pool,
      Array.from({ length: count }, (_, index) => ({
        chatId,
        rev: rev + index + 1,
        event,
        payload: { n: rev + index + 1 },
      })),
    );
  }

  query<Row>(sql: string): Promise<Row[]> {
    return this.pool.query<Row[]>(sql);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#relays].map((relay) => relay.stop()));
    await this.pool.destroy();
    await this.#database.drop();
  }
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
