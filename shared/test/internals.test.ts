import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, type TestDatabase } from '@switchboard/infra/test';
import { createDataSource } from '@switchboard/shared/postgres';
import pg from 'pg';
import { QueryRunnerAlreadyReleasedError, type MigrationInterface, type QueryRunner } from 'typeorm';
import { z } from 'zod';
import { openConnection } from '../src/amqp/connection.ts';
import { AMQPLIB_VERSION, isAccessRefused } from '../src/amqp/internals/amqplib.ts';
import {
  destroySocket,
  isConnectionLost,
  isReadTimeout,
  onQueryError,
  PG_POOL_VERSION,
  PG_VERSION,
} from '../src/postgres/internals/pg.ts';
import {
  migrationNames,
  poolOf,
  replacePoolSettings,
  TYPEORM_VERSION,
} from '../src/postgres/internals/typeorm.ts';
import { startRefusingRabbit } from './refusing-rabbit.ts';

// What shared relies on in its libraries without their promise. When one of these tests fails after an
// upgrade, read what changed, adapt the file in `internals/`, and then change the version that it names.

it.each([
  ['pg', PG_VERSION],
  ['pg-pool', PG_POOL_VERSION],
  ['typeorm', TYPEORM_VERSION],
  ['amqplib', AMQPLIB_VERSION],
])('%s is installed in version %s, for which the file in internals was written', async (name, expected) => {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(manifest, 'utf8')));
  expect(version.split('.').slice(0, 2).join('.')).toBe(expected);
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** `once` would reject with the error that comes first. */
const endOf = (client: pg.Client): Promise<void> =>
  new Promise((resolve) => {
    client.once('end', resolve);
  });

const rejectionOf = async (work: Promise<unknown>): Promise<Error> => {
  const [end] = await Promise.allSettled([work]);
  if (end.status === 'fulfilled') throw new Error('it succeeded');
  if (!Error.isError(end.reason)) throw new TypeError('it failed without an Error');
  return end.reason;
};

describe('pg', () => {
  const connectClient = async (options: pg.ClientConfig = {}): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: database.url('presence_service'), ...options });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };

  it('keeps its socket where destroySocket closes it', async () => {
    const client = await connectClient();
    expect(client.connection.stream).toBeInstanceOf(Socket);
    const ended = endOf(client);
    destroySocket(client);
    await ended;
  });

  it('rejects a statement after query_timeout with the error that isReadTimeout knows', async () => {
    const client = await connectClient({ query_timeout: 50 });
    const error = await rejectionOf(client.query('SELECT pg_sleep(1)'));
    expect(error).toMatchObject({ message: 'Query read timeout' });
    expect(isReadTimeout(error)).toBe(true);
    destroySocket(client);
  });

  it('rejects with an error that isConnectionLost knows when the connection breaks', async () => {
    const client = await connectClient();
    const interrupted = rejectionOf(client.query('SELECT pg_sleep(1)'));
    destroySocket(client);
    for (const error of [await interrupted, await rejectionOf(client.query('SELECT 1'))]) {
      expect(error).not.toHaveProperty('code');
      expect(isConnectionLost(error)).toBe(true);
    }
  });

  it('rejects with an error that isConnectionLost knows when the pool has no connection in time', async () => {
    const pool = new pg.Pool({
      connectionString: database.url('presence_service'),
      max: 1,
      connectionTimeoutMillis: 1_000,
    });
    const client = await pool.connect();
    const error = await rejectionOf(pool.connect());
    expect(error).not.toHaveProperty('code');
    expect(isConnectionLost(error)).toBe(true);
    client.release();
    await pool.end();
  });

  it('passes each failed statement to onQueryError, and the rows of the others to the caller', async () => {
    const client = await connectClient();
    const errors: unknown[] = [];
    onQueryError(client, (error) => errors.push(error));
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    const failed = await rejectionOf(client.query('SELECT nothing'));
    expect(errors).toEqual([failed]);
    await client.end();
  });

  it('discards a pooled client whose statement failed, without onQueryError', async () => {
    const pool = new pg.Pool({
      connectionString: database.url('presence_service'),
      max: 1,
      query_timeout: 50,
    });
    await rejectionOf(pool.query('SELECT pg_sleep(1)'));
    expect(pool.totalCount).toBe(0);
    await pool.end();
  });
});

describe('TypeORM', () => {
  class First1764000000001 implements MigrationInterface {
    async up(runner: QueryRunner): Promise<void> {
      await runner.query('SELECT 1');
    }

    async down(): Promise<void> {
      // Nothing to undo.
    }
  }

  class Second extends First1764000000001 {
    name = 'Renamed1764000000002';
  }

  const createSource = () =>
    createDataSource({
      url: database.url('presence_migrator'),
      schema: 'presence',
      applicationName: 'test',
      entities: [],
      migrations: [First1764000000001, Second],
    });

  it('keeps its pool where poolOf finds it, once it is initialized', async () => {
    const source = createSource();
    expect(poolOf(source)).toBeUndefined();
    await source.initialize();
    expect(poolOf(source)).toBeInstanceOf(pg.Pool);
    expect(poolOf(source)).toMatchObject({ totalCount: 1, idleCount: 1, waitingCount: 0 });
    await source.destroy();
  });

  it('reads the settings of replacePoolSettings when it is initialized', async () => {
    const source = createSource();
    replacePoolSettings(source, { lock_timeout: 4_321 });
    await source.initialize();
    expect(await source.query('SHOW lock_timeout')).toEqual([{ lock_timeout: '4321ms' }]);
    expect(await source.query('SHOW statement_timeout')).toEqual([{ statement_timeout: '0' }]);
    await source.destroy();
  });

  it('stores migrations under the names that migrationNames returns', async () => {
    const source = await createSource().initialize();
    await source.runMigrations();
    expect(migrationNames(source)).toEqual(['First1764000000001', 'Renamed1764000000002']);
    expect(await source.query('SELECT name FROM presence.migration ORDER BY timestamp')).toEqual(
      migrationNames(source).map((name) => ({ name })),
    );
    await source.destroy();
  });

  it('releases a query runner whose connection ended', async () => {
    const source = await createSource().initialize();
    const runner = source.createQueryRunner();
    const client: unknown = await runner.connect();
    if (!(client instanceof pg.Client)) throw new TypeError('no pg.Client');
    const ended = endOf(client);
    destroySocket(client);
    await ended;
    expect(await rejectionOf(runner.query('SELECT 1'))).toBeInstanceOf(QueryRunnerAlreadyReleasedError);
    await source.destroy();
  });
});

describe('amqplib', () => {
  it.each(['login', 'open'] as const)('fails as isAccessRefused says when refused at %s', async (at) => {
    const rabbit = await startRefusingRabbit(at);
    expect(isAccessRefused(await rejectionOf(openConnection(rabbit.url, 'test')))).toBe(true);
    rabbit.stop();
  });

  it('fails otherwise when nothing listens', async () => {
    const rabbit = await startRefusingRabbit('login');
    rabbit.stop();
    expect(isAccessRefused(await rejectionOf(openConnection(rabbit.url, 'test')))).toBe(false);
  });
});
