import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TestDatabase } from '@switchboard/infra/test';
import { createDataSource, databaseWork } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import { failureOf } from './failure-of.ts';
import { createOwnSchema } from './own-schema.ts';

// A server that freezes for longer than the query timeout, and then executes what it received.

let database: TestDatabase;
let pool: DataSource;
let relay: Server;
const sockets = new Set<Socket>();

beforeAll(async () => {
  database = await createOwnSchema();
  const behind = new URL(database.url('presence_service'));
  relay = createServer((near) => {
    const far = connect(Number(behind.port), behind.hostname);
    for (const socket of [near, far])
      sockets.add(
        socket
          .on('error', () => undefined)
          .on('close', () => {
            near.destroy();
            far.destroy();
          }),
      );
    near.pipe(far).pipe(near);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const address = relay.address();
  const url = Object.assign(new URL(behind), {
    port: typeof address === 'object' && address !== null ? address.port : 0,
  }).href;
  pool = await createDataSource({
    url,
    schema: 'presence',
    applicationName: 'test',
    entities: [],
    migrations: [],
    poolSize: 1,
  }).initialize();
});
afterAll(async () => {
  await pool.destroy();
  for (const socket of sockets) socket.destroy();
  relay.close();
  await database.drop();
});

const freeze = () => {
  const frozen = [...sockets];
  for (const socket of frozen) socket.pause();
  return () => {
    for (const socket of frozen) socket.resume();
  };
};

it('a write after the thaw is committed, not swallowed by an abandoned transaction', async () => {
  const thaw = freeze();
  expect(
    await failureOf(() =>
      databaseWork(() => pool.transaction((transaction) => transaction.query('SELECT 1'))),
    ),
  ).toMatchObject({ code: 'UNAVAILABLE' });
  thaw();
  await databaseWork(() => pool.query(`INSERT INTO presence.chat_cursor (id, cursor) VALUES (1, 'kept')`));
  // Seen by another session.
  expect((await database.query('SELECT cursor FROM presence.chat_cursor')).rows).toEqual([
    { cursor: 'kept' },
  ]);
}, 20_000);
