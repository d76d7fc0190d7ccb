import { REVOKED_FOR_MS, type Revocation } from '@switchboard/shared/contracts';
import { databaseWork, prepared } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import type { PositionedRevocation, Revoked, RevocationStore } from '../domain/revocation-store.ts';

interface Row {
  readonly kind: 'user' | 'token';
  readonly subject: string;
  readonly position: number;
  readonly revokedAt: Date;
  readonly until: Date;
}

const COLUMNS = 'kind, subject, position, revoked_at AS "revokedAt", until';

export function createRevocationStore(database: DataSource): RevocationStore {
  const statements = prepared(database);

  return {
    revoke: (revoked, by) =>
      databaseWork(async () => {
        const [row] = await statements.query<Row>(
          `/* revoke */ WITH head AS (UPDATE presence.revocation_head SET position = position + 1 RETURNING position, clock_timestamp() AS now)
         INSERT INTO presence.revocation (kind, subject, position, revoked_at, until, revoked_by)
         SELECT $1, $2, position, now, now + $3 * interval '1 ms', $4 FROM head
         ON CONFLICT (kind, subject) DO UPDATE SET position = excluded.position, revoked_at = excluded.revoked_at, until = excluded.until, revoked_by = excluded.revoked_by
         RETURNING ${COLUMNS}`,
          [...keyOf(revoked), REVOKED_FOR_MS, by],
        );
        if (row === undefined) throw new Error('presence.revocation_head has no row');
        return toRevocation(row);
      }),

    readAfter: (position, limit) =>
      databaseWork(async () => {
        const rows = await statements.query<Row>(
          `/* read-revocations */ SELECT ${COLUMNS} FROM presence.revocation WHERE position > $1 ORDER BY position LIMIT $2`,
          [position, limit],
        );
        return rows.map((row): PositionedRevocation => ({ ...toRevocation(row), position: row.position }));
      }),

    deleteExpired: () =>
      databaseWork(async () => {
        await statements.query(
          '/* forget-revocations */ DELETE FROM presence.revocation WHERE until < now()',
        );
      }),
  };
}

const keyOf = (revoked: Revoked): [kind: Row['kind'], subject: string] =>
  'jti' in revoked ? ['token', revoked.jti] : ['user', String(revoked.userId)];

const toRevocation = ({ kind, subject, revokedAt, until }: Row): Revocation => ({
  ...(kind === 'user' ? { userId: Number(subject) } : { jti: subject }),
  revokedAt: revokedAt.toISOString(),
  until: until.toISOString(),
});
