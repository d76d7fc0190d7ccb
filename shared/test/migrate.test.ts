import { randomUUID } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createDatabase, freePort, waitFor, type TestDatabase } from '@switchboard/infra/test';
import {
  raiseFloor,
  createDataSource,
  migrate,
  openDatabase,
  untilSchemaMismatch,
  type DatabaseOptions,
} from '@switchboard/shared/postgres';
import { createLogger } from '@switchboard/shared/runtime';
import type { MigrationInterface, QueryRunner } from 'typeorm';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

abstract class Forward implements MigrationInterface {
  abstract up(runner: QueryRunner): Promise<void>;

  async down(): Promise<void> {
    // Migrations only go forward.
  }
}

/** In seconds: longer than a service waits for a statement, the first time. */
let slowness = 2;
class Slow1764000000001 extends Forward {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE presence.big AS SELECT 1 AS one FROM pg_sleep(${String(slowness)})`);
    slowness = 0;
  }
}

class Wider1764000000002 extends Forward {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE presence.big ADD COLUMN two integer');
  }
}

class Narrower1764000000003 extends Forward {
  async up(runner: QueryRunner): Promise<void> {
    await raiseFloor(runner, 'presence', 'Wider1764000000002');
    await runner.query('ALTER TABLE presence.big DROP COLUMN one');
  }
}

class Indexed1764000000004 extends Forward {
  transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS presence.big_by_one');
    await runner.query('CREATE INDEX CONCURRENTLY big_by_one ON presence.big (one)');
  }
}

const optionsOf = (
  role: 'presence_migrator' | 'presence_service',
  migrations: DatabaseOptions['migrations'],
): DatabaseOptions => ({
  url: database.url(role),
  schema: 'presence',
  applicationName: 'test',
  entities: [],
  migrations,
});
const migrateTo = (migrations: DatabaseOptions['migrations'], say?: (line: string) => void) =>
  migrate(createDataSource(optionsOf('presence_migrator', migrations)), 'presence', say);
const silent = createLogger('test', 'silent');

it('a migration has no time limit, and a second migrator waits for it and then runs none', async () => {
  const waits: string[] = [];
  const say = (line: string): void => {
    waits.push(line);
  };
  const done = await Promise.all([migrateTo([Slow1764000000001], say), migrateTo([Slow1764000000001], say)]);
  expect(waits).toContain('another process migrates presence; trying again in 2 s');
  expect(done.flat()).toEqual(['Slow1764000000001']);
  expect((await database.query('SELECT count(*)::int AS count FROM presence.big')).rows).toEqual([
    { count: 1 },
  ]);
}, 20_000);

it('a migration waits for a table in use without blocking other statements', async () => {
  await migrateTo([Slow1764000000001]);
  const reader = await createDataSource(optionsOf('presence_service', [])).initialize();
  try {
    const reading = reader.createQueryRunner();
    await reading.startTransaction();
    await reading.query('SELECT * FROM presence.big');
    const waits: string[] = [];
    const migrated = migrateTo([Slow1764000000001, Wider1764000000002], (line) => {
      waits.push(line);
    });
    await waitFor(() => waits.length > 0, { what: 'the migration to give way' });
    expect(await reader.query('SELECT one FROM presence.big')).toEqual([{ one: 1 }]);
    await reading.commitTransaction();
    await reading.release();
    expect(await migrated).toEqual(['Wider1764000000002']);
  } finally {
    await reader.destroy();
  }
}, 20_000);

it('an index is built while others write, and starts over when an open transaction blocked it', async () => {
  await migrateTo([Slow1764000000001]);
  const writer = await createDataSource(optionsOf('presence_service', [])).initialize();
  try {
    const writing = writer.createQueryRunner();
    await writing.startTransaction();
    await writing.query('INSERT INTO presence.big (one) VALUES (2)');
    const waits: string[] = [];
    const migrated = migrateTo([Slow1764000000001, Indexed1764000000004], (line) => {
      waits.push(line);
    });
    await waitFor(() => waits.length > 0, { what: 'the migration to give way' });
    await writer.query('INSERT INTO presence.big (one) VALUES (3)');
    await writing.rollbackTransaction();
    await writing.release();
    expect(await migrated).toEqual(['Indexed1764000000004']);
    expect(
      (
        await database.query(
          `SELECT indisvalid FROM pg_index WHERE indexrelid = 'presence.big_by_one'::regclass`,
        )
      ).rows,
    ).toEqual([{ indisvalid: true }]);
    await database.query('DELETE FROM presence.big WHERE one > 2');
  } finally {
    await writer.destroy();
  }
}, 20_000);

it('a process reports a schema that is too old, and starts once it is migrated', async () => {
  const own = await createDatabase();
  try {
    const known = [Slow1764000000001, Wider1764000000002];
    const at = (
      role: 'presence_migrator' | 'presence_service',
      migrations: DatabaseOptions['migrations'],
    ) => ({ ...optionsOf(role, migrations), url: own.url(role) });
    const waits: (string | undefined)[] = [];
    const opening = openDatabase(at('presence_service', known), silent, (obstacle) => {
      waits.push(obstacle?.why);
    });
    await waitFor(() => waits.length > 0, { what: 'it to wait' });
    await migrate(createDataSource(at('presence_migrator', [Slow1764000000001])), 'presence');
    await waitFor(() => waits.at(-1)?.includes('too old') === true && !waits.at(-1)?.includes('Slow'), {
      what: 'it to wait for the second one',
    });
    await migrate(createDataSource(at('presence_migrator', known)), 'presence');
    const opened = await opening;
    expect(waits.at(0)).toBe(
      "the schema presence is too old for this version: it lacks Slow1764000000001, Wider1764000000002; run this version's migrations",
    );
    expect(waits.at(-1)).toBeUndefined();
    await opened.destroy();
  } finally {
    await own.drop();
  }
}, 30_000);

it('added parts leave earlier versions running; removed parts stop those that need them, and keep them from starting', async () => {
  const [first, second, third] = [
    [Slow1764000000001],
    [Slow1764000000001, Wider1764000000002],
    [Slow1764000000001, Wider1764000000002, Narrower1764000000003],
  ];
  await migrateTo(second);
  const earliest = await openDatabase(optionsOf('presence_service', first), silent);
  const earlier = await openDatabase(optionsOf('presence_service', second), silent);
  const [overEarliest, overEarlier] = [
    untilSchemaMismatch(earliest, 'presence'),
    untilSchemaMismatch(earlier, 'presence'),
  ];
  expect(await migrateTo(third)).toEqual(['Narrower1764000000003']);
  expect(await overEarliest).toBe(
    'the schema presence is too new for this version: it needs one that knows Wider1764000000002; deploy a later version',
  );
  await earlier.destroy();
  expect(await overEarlier).toBeUndefined();
  await earliest.destroy();

  const stop = new AbortController();
  const waiting = openDatabase(optionsOf('presence_service', first), silent, (obstacle) => {
    if (obstacle?.why.includes('too new') === true) stop.abort();
  });
  await waitFor(() => stop.signal.aborted, { what: 'the earliest to wait' });
  await database.query('DELETE FROM presence.schema_floor');
  await (await waiting).destroy();
}, 30_000);

it('only a migrator may write the tables of migrations', async () => {
  await migrateTo([Slow1764000000001]);
  const service = await createDataSource(optionsOf('presence_service', [])).initialize();
  try {
    for (const table of ['migration', 'schema_floor']) {
      await expect(service.query(`SELECT name FROM presence.${table}`)).resolves.toBeDefined();
      await expect(service.query(`DELETE FROM presence.${table}`)).rejects.toThrow(/permission denied/);
    }
    await expect(service.query(`INSERT INTO presence.schema_floor VALUES ('x')`)).rejects.toThrow(
      /permission denied/,
    );
  } finally {
    await service.destroy();
  }
});

it('a migration waits while Postgres is unavailable, and fails at once when Postgres rejects it', async () => {
  const waits: string[] = [];
  const tunnel = await openTunnel();
  try {
    const migrated = migrate(
      createDataSource({ ...optionsOf('presence_migrator', [Slow1764000000001]), url: tunnel.url }),
      'presence',
      (line) => {
        waits.push(line);
      },
    );
    await waitFor(() => /^Postgres is unavailable.*ECONNREFUSED/.test(waits[0] ?? ''), {
      what: 'the migration to wait',
    });
    await tunnel.open();
    expect(await migrated).toEqual([]);
  } finally {
    await tunnel.close();
  }
  const stranger = new URL(database.url('presence_migrator'));
  stranger.password = 'wrong';
  await expect(
    migrate(createDataSource({ ...optionsOf('presence_migrator', []), url: stranger.href }), 'presence'),
  ).rejects.toThrow(/password/);
}, 20_000);

it('a process that Postgres refuses says why, without the password, and starts once it is let in', async () => {
  const role = `late_${randomUUID().slice(0, 8)}`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'another' IN ROLE presence_service`);
  const url = new URL(database.url('presence_service'));
  url.username = role;
  url.password = 'not-the-password';
  const waits: string[] = [];
  const opening = openDatabase(
    { ...optionsOf('presence_service', []), url: url.href },
    silent,
    (obstacle) => {
      if (obstacle !== undefined) waits.push(obstacle.why);
    },
  );
  try {
    await waitFor(() => waits.length > 0, { what: 'it to wait' });
    expect(waits[0]).toBe(
      `it is unreachable or rejects this user: password authentication failed for user "${role}" (28P01)`,
    );
    await database.query(`ALTER ROLE ${role} PASSWORD 'not-the-password'`);
    await (await opening).destroy();
  } finally {
    await database.query(`DROP ROLE ${role}`);
  }
}, 20_000);

/** A TCP relay to Postgres that listens only later. */
async function openTunnel(): Promise<{
  readonly url: string;
  open(): Promise<void>;
  close(): Promise<void>;
}> {
  const url = new URL(database.url('presence_migrator'));
  const postgres = Number(url.port);
  url.port = String(await freePort());
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const other = connect(postgres, '127.0.0.1');
    sockets.push(socket, other);
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ] as const)
      from.on('error', () => undefined).pipe(to);
  });
  return {
    url: url.href,
    open: () =>
      new Promise((resolve) => {
        server.listen(Number(url.port), '127.0.0.1', resolve);
      }),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => {
          resolve();
        });
      }),
  };
}
