import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { REVOKED_FOR_MS } from '@switchboard/shared/contracts';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { createDatabase, waitFor, type TestDatabase } from '@switchboard/infra/testing';
import type { DataSource } from 'typeorm';
import type { RevocationStore } from '../src/domain/revocation-store.ts';
import { databaseOptions } from '../src/store/database.ts';
import { createRevocationStore } from '../src/store/revocation-store.ts';

let database: TestDatabase;
let replicas: DataSource[];
let store: RevocationStore, other: RevocationStore;

beforeAll(async () => {
  database = await createDatabase();
  await migrate(createDataSource(databaseOptions(database.url('presence_migrator'))), 'presence');
  const open = () => createDataSource(databaseOptions(database.url('presence_service'))).initialize();
  const [one, two] = [await open(), await open()];
  replicas = [one, two];
  [store, other] = [createRevocationStore(one), createRevocationStore(two)];
});
beforeEach(() => database.query('TRUNCATE presence.revocation'));
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.destroy()));
  await database.drop();
});

const start = async (): Promise<number> => Number((await database.query<{ position: string }>('SELECT position FROM presence.revocation_head')).rows[0]?.position);

describe('what was revoked', () => {
  it('is read after a position, in order, page by page, by whichever replica', async () => {
    const from = await start();
    const before = Date.now();
    const revoked = [await store.revoke({ userId: 7 }, 'crm'), await other.revoke({ jti: 'a' }, 'crm'), await store.revoke({ userId: 8 }, 'crm')];
    const first = await other.readAfter(from, 2);
    expect(first).toEqual([{ ...revoked[0], position: from + 1 }, { ...revoked[1], position: from + 2 }]);
    expect(await other.readAfter(from + 2, 2)).toEqual([{ userId: 8, revokedAt: expect.any(String), until: expect.any(String), position: from + 3 }]);
    expect(await other.readAfter(from + 3, 2)).toEqual([]);
    for (const { revokedAt, until } of revoked) {
      expect(Math.abs(Date.parse(revokedAt) - before)).toBeLessThan(5_000);
      expect(Date.parse(until) - Date.parse(revokedAt)).toBe(REVOKED_FOR_MS);
    }
  });

  it('again takes the place of what was before, and is read again', async () => {
    const from = await start();
    const first = await store.revoke({ userId: 7 }, 'crm');
    const second = await other.revoke({ userId: 7 }, 'desk');
    expect(Date.parse(second.revokedAt)).toBeGreaterThanOrEqual(Date.parse(first.revokedAt));
    expect(await store.readAfter(from, 10)).toEqual([{ ...second, position: from + 2 }]);
    expect((await database.query('SELECT revoked_by FROM presence.revocation')).rows).toEqual([{ revoked_by: 'desk' }]);
  });

  it('of a user is not that of a token of the same name', async () => {
    const from = await start();
    await store.revoke({ userId: 7 }, 'crm');
    await store.revoke({ jti: '7' }, 'crm');
    expect(await store.readAfter(from, 10)).toHaveLength(2);
  });

  it('at once, by two replicas, is missed by nobody who reads on from what they saw', async () => {
    let position = await start();
    const seen = new Set<string>();
    const writing = Promise.all(Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? store : other).revoke({ jti: `token ${n}` }, 'crm')));
    const readOn = async () => {
      const page = await store.readAfter(position, 7);
      for (const { jti = '' } of page) seen.add(jti);
      position = page.at(-1)?.position ?? position;
      return seen.size === 60;
    };
    await waitFor(readOn, { what: 'all of them to be seen', everyMs: 0 });
    await writing;
  });

  it('is forgotten once no such token can be valid any more, and not before', async () => {
    const from = await start();
    await store.revoke({ jti: 'over' }, 'crm');
    await store.revoke({ jti: 'holds' }, 'crm');
    await database.query(`UPDATE presence.revocation SET until = now() - interval '1 second' WHERE subject = 'over'`);
    await store.forgetOver();
    expect((await store.readAfter(from, 10)).map(({ jti }) => jti)).toEqual(['holds']);
  });
});
