import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { REVOKED_FOR_MS } from '@switchboard/shared/contracts';
import { createDataSource, migrate } from '@switchboard/shared/postgres';
import { createDatabase, waitFor, type TestDatabase } from '@switchboard/infra/test';
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

const start = async (): Promise<number> =>
  Number(
    (await database.query<{ position: string }>('SELECT position FROM presence.revocation_head')).rows[0]
      ?.position,
  );

describe('a revocation', () => {
  it('is read after a position, in order and in pages, by any replica', async () => {
    const from = await start();
    const before = Date.now();
    const revoked = [
      await store.revoke({ userId: 7 }, 'crm'),
      await other.revoke({ jti: 'a' }, 'crm'),
      await store.revoke({ userId: 8 }, 'crm'),
    ];
    const first = await other.readAfter(from, 2);
    expect(first).toEqual([
      { ...revoked[0], position: from + 1 },
      { ...revoked[1], position: from + 2 },
    ]);
    expect(await other.readAfter(from + 2, 2)).toEqual([
      { userId: 8, revokedAt: expect.any(String), until: expect.any(String), position: from + 3 },
    ]);
    expect(await other.readAfter(from + 3, 2)).toEqual([]);
    for (const { revokedAt, until } of revoked) {
      expect(Math.abs(Date.parse(revokedAt) - before)).toBeLessThan(5_000);
      expect(Date.parse(until) - Date.parse(revokedAt)).toBe(REVOKED_FOR_MS);
    }
  });

  it('replaces an earlier one of the same user, and is read again', async () => {
    const from = await start();
    const first = await store.revoke({ userId: 7 }, 'crm');
    const second = await other.revoke({ userId: 7 }, 'desk');
    expect(Date.parse(second.revokedAt)).toBeGreaterThanOrEqual(Date.parse(first.revokedAt));
    expect(await store.readAfter(from, 10)).toEqual([{ ...second, position: from + 2 }]);
    expect((await database.query('SELECT revoked_by FROM presence.revocation')).rows).toEqual([
      { revoked_by: 'desk' },
    ]);
  });

  it('of a user is kept apart from one of a token with the same name', async () => {
    const from = await start();
    await store.revoke({ userId: 7 }, 'crm');
    await store.revoke({ jti: '7' }, 'crm');
    expect(await store.readAfter(from, 10)).toHaveLength(2);
  });

  it('is not missed by a reader that continues from its last position while two replicas write', async () => {
    let position = await start();
    const seen = new Set<string>();
    const writing = Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        (n % 2 === 0 ? store : other).revoke({ jti: `token ${n}` }, 'crm'),
      ),
    );
    const readNext = async () => {
      const page = await store.readAfter(position, 7);
      for (const { jti = '' } of page) seen.add(jti);
      position = page.at(-1)?.position ?? position;
      return seen.size === 60;
    };
    await waitFor(readNext, { what: 'all revocations to be read', everyMs: 0 });
    await writing;
  });

  it('is deleted once no token that it revokes can be valid, and not before', async () => {
    const from = await start();
    await store.revoke({ jti: 'expired' }, 'crm');
    await store.revoke({ jti: 'valid' }, 'crm');
    await database.query(
      `UPDATE presence.revocation SET until = now() - interval '1 second' WHERE subject = 'expired'`,
    );
    await store.deleteExpired();
    expect((await store.readAfter(from, 10)).map(({ jti }) => jti)).toEqual(['valid']);
  });
});
