import { isReachable, databaseWork, prepared, type Database } from '@switchboard/shared/postgres';
import { Failure } from '@switchboard/shared/errors';
import type { DataSource } from 'typeorm';
import type { Lease, Presence, PresenceStore } from '../domain/presence-store.ts';

/** The most sockets that one statement removes. */
const SLICE = 5_000;

/**
 * Sockets and leases in Postgres.
 * - `active_user.sockets` counts a user's joined sockets. It changes in the same statement as the socket's
 *   row, and its row lock serializes the changes of one user in one chat: across replicas, exactly one
 *   statement sees the first socket, and exactly one the last.
 * - The row of a socket that left stays for some minutes, so that a late arrival from a stalled
 *   replica finds the higher sequence number.
 * - Lock order: lease, sockets, counts.
 * - Counts change by ON CONFLICT: unlike UPDATE, it sees rows committed since the statement began.
 */
export function createPresenceStore(database: DataSource): PresenceStore {
  const statements = prepared(database);

  /** Runs a statement that begins with the gateway's lease ($4). Creates the lease when there is none yet. */
  async function withLease<Row>(
    gatewayId: string,
    sql: string,
    parameters: unknown[],
  ): Promise<Row | undefined> {
    const [row] = await statements.query<Row>(sql, parameters);
    if (row !== undefined) return row;
    await statements.query(
      '/* begin-lease */ INSERT INTO presence.gateway_lease (gateway_id, lease_id) VALUES ($1, gen_random_uuid()) ON CONFLICT DO NOTHING',
      [gatewayId],
    );
    const [again] = await statements.query<Row>(sql, parameters);
    return again;
  }

  return {
    enter: ({ chatId, userId }, { id: socketId, gatewayId }, sequence) =>
      databaseWork(async () => {
        const row = await withLease<{ leaseId: string; isFirst: boolean }>(
          gatewayId,
          `/* enter-chat */ ${LEASE}, entered AS (
           INSERT INTO presence.joined_socket AS known (chat_id, socket_id, user_id, gateway_id, turn, changed_turn)
           SELECT $1, $3, $2, $4, $5, $5 FROM lease
           ON CONFLICT (chat_id, socket_id) DO UPDATE SET turn = $5, dropped_at = NULL, left_at = NULL,
             changed_turn = CASE WHEN known.left_at IS NULL THEN known.changed_turn ELSE $5 END
           WHERE known.turn < $5 AND known.user_id = $2
           RETURNING changed_turn = $5 AS has_come
         ), counted AS (
           INSERT INTO presence.active_user AS active (chat_id, user_id, sockets) SELECT $1, $2, 1 FROM entered WHERE has_come
           ON CONFLICT (chat_id, user_id) DO UPDATE SET sockets = active.sockets + 1
           RETURNING sockets
         )
         SELECT lease_id AS "leaseId", coalesce((SELECT sockets = 1 FROM counted), false) AS "isFirst" FROM lease`,
          [chatId, userId, socketId, gatewayId, sequence],
        );
        if (row === undefined) throw new Failure('BUSY');
        return row;
      }),

    leave: ({ chatId, userId }, { id: socketId, gatewayId }, sequence) =>
      databaseWork(async () => {
        const row = await withLease<{ isLast: boolean }>(
          gatewayId,
          `/* leave-chat */ ${LEASE}, departed AS (
           INSERT INTO presence.joined_socket AS known (chat_id, socket_id, user_id, gateway_id, turn, changed_turn, left_at)
           SELECT $1, $3, $2, $4, $5, 0, now() FROM lease
           ON CONFLICT (chat_id, socket_id) DO UPDATE SET turn = $5, dropped_at = NULL, left_at = now(),
             changed_turn = CASE WHEN known.left_at IS NULL THEN $5 ELSE known.changed_turn END
           WHERE known.turn < $5 AND known.user_id = $2
           RETURNING changed_turn = $5 AS has_gone
         ), counted AS (
           INSERT INTO presence.active_user AS active (chat_id, user_id, sockets) SELECT $1, $2, -1 FROM departed WHERE has_gone
           ON CONFLICT (chat_id, user_id) DO UPDATE SET sockets = active.sockets - 1
           RETURNING sockets
         )
         SELECT coalesce((SELECT sockets = 0 FROM counted), false) AS "isLast" FROM lease`,
          [chatId, userId, socketId, gatewayId, sequence],
        );
        if (row === undefined) throw new Failure('BUSY');
        return row.isLast;
      }),

    drop: ({ chatId, userId }, { id: socketId, gatewayId }, sequence) =>
      databaseWork(async () => {
        const row = await withLease<{ isAway: boolean }>(
          gatewayId,
          `/* drop-socket */ ${LEASE}, dropped AS (
           INSERT INTO presence.joined_socket AS known (chat_id, socket_id, user_id, gateway_id, turn, changed_turn, left_at)
           SELECT $1, $3, $2, $4, $5, 0, now() FROM lease
           ON CONFLICT (chat_id, socket_id) DO UPDATE SET turn = $5, dropped_at = CASE WHEN known.left_at IS NULL THEN coalesce(known.dropped_at, now()) END
           WHERE known.turn < $5 AND known.user_id = $2
         )
         SELECT NOT EXISTS (
           SELECT 1 FROM presence.joined_socket
           WHERE chat_id = $1 AND user_id = $2 AND socket_id <> $3 AND left_at IS NULL AND dropped_at IS NULL
         ) AS "isAway" FROM lease`,
          [chatId, userId, socketId, gatewayId, sequence],
        );
        if (row === undefined) throw new Failure('BUSY');
        return row.isAway;
      }),

    activeUsers: (chatId) =>
      databaseWork(async () => {
        const rows = await statements.query<{ userId: number }>(
          '/* active-users */ SELECT user_id AS "userId" FROM presence.active_user WHERE chat_id = $1 AND sockets > 0 ORDER BY user_id',
          [chatId],
        );
        return rows.map((row) => row.userId);
      }),

    renewLease: (gatewayId) =>
      databaseWork(async () => {
        const [row] = await statements.query<{ leaseId: string }>(
          `/* renew-lease */ INSERT INTO presence.gateway_lease AS lease (gateway_id, lease_id, renewals) VALUES ($1, gen_random_uuid(), 1)
         ON CONFLICT (gateway_id) DO UPDATE SET renewals = lease.renewals + 1
         RETURNING lease_id AS "leaseId"`,
          [gatewayId],
        );
        if (row === undefined) throw new Failure('BUSY');
        return row.leaseId;
      }),

    leases: () =>
      databaseWork(() =>
        statements.query<Lease>(
          '/* leases */ SELECT gateway_id AS "gatewayId", lease_id AS "leaseId", renewals FROM presence.gateway_lease',
        ),
      ),

    // A drop in the future was dated before the clock of Postgres was set back: it counts as expired.
    removeDropped: (graceMs) =>
      onOneReplica(async (transaction) =>
        transaction.query<Presence>(
          `WITH slice AS (
         SELECT chat_id, socket_id FROM presence.joined_socket
         WHERE dropped_at NOT BETWEEN statement_timestamp() - $1 * interval '1 ms' AND statement_timestamp() + $1 * interval '1 ms'
         LIMIT ${SLICE} FOR UPDATE
       ), departed AS (
         UPDATE presence.joined_socket AS known SET left_at = now(), dropped_at = NULL, changed_turn = turn FROM slice
         WHERE known.chat_id = slice.chat_id AND known.socket_id = slice.socket_id
         RETURNING known.chat_id, known.user_id
       ), ${COUNT_OFF}`,
          [graceMs],
        ),
      ),

    removeExpired: (leases) =>
      onOneReplica(async (transaction) => {
        const expired = await transaction.query<{ gatewayId: string }>(
          `SELECT gateway_id AS "gatewayId" FROM presence.gateway_lease JOIN unnest($1::uuid[], $2::integer[]) AS unrenewed(lease_id, renewals)
         USING (lease_id, renewals) FOR UPDATE OF gateway_lease`,
          [leases.map((lease) => lease.leaseId), leases.map((lease) => lease.renewals)],
        );
        const gatewayIds = expired.map((lease) => lease.gatewayId);
        const gone: Presence[] = [];
        let isMore = expired.length > 0;
        while (isMore) {
          gone.push(
            ...(await transaction.query<Presence>(
              `WITH slice AS (
             SELECT chat_id, socket_id FROM presence.joined_socket WHERE gateway_id = ANY($1::uuid[]) AND left_at IS NULL LIMIT ${SLICE}
           ), departed AS (
             DELETE FROM presence.joined_socket AS known USING slice
             WHERE known.chat_id = slice.chat_id AND known.socket_id = slice.socket_id
             RETURNING known.chat_id, known.user_id
           ), ${COUNT_OFF}`,
              [gatewayIds],
            )),
          );
          const left = await transaction.query(
            'SELECT 1 FROM presence.joined_socket WHERE gateway_id = ANY($1::uuid[]) AND left_at IS NULL LIMIT 1',
            [gatewayIds],
          );
          isMore = left.length > 0;
        }
        await transaction.query('DELETE FROM presence.gateway_lease WHERE gateway_id = ANY($1::uuid[])', [
          gatewayIds,
        ]);
        return gone;
      }),

    deleteDeparted: (ageMs) =>
      databaseWork(async () => {
        await statements.query(
          `/* forget-departed */ DELETE FROM presence.joined_socket
         WHERE left_at NOT BETWEEN statement_timestamp() - $1 * interval '1 ms' AND statement_timestamp() + $1 * interval '1 ms'`,
          [ageMs],
        );
        await statements.query('/* forget-inactive */ DELETE FROM presence.active_user WHERE sockets = 0');
      }),

    isReady: () => isReachable(database),
  };

  /** Only one replica removes at a time; the others skip. */
  function onOneReplica(remove: (transaction: Database) => Promise<Presence[]>): Promise<Presence[]> {
    return databaseWork(() =>
      database.transaction(async (transaction) => {
        const [lock] = await transaction.query<{ isMine: boolean }[]>(
          `SELECT pg_try_advisory_xact_lock(hashtextextended('switchboard.presence.remove', 0)) AS "isMine"`,
        );
        return lock?.isMine === true ? remove(transaction) : [];
      }),
    );
  }
}

const LEASE =
  'WITH lease AS (SELECT lease_id FROM presence.gateway_lease WHERE gateway_id = $4 FOR KEY SHARE)';

/** Subtracts `departed` from the counts. Returns the users left without a socket. */
const COUNT_OFF = `lost AS (
     SELECT chat_id, user_id, count(*) AS sockets FROM departed GROUP BY chat_id, user_id
   ), counted AS (
     UPDATE presence.active_user AS active SET sockets = active.sockets - lost.sockets FROM lost
     WHERE active.chat_id = lost.chat_id AND active.user_id = lost.user_id
     RETURNING active.chat_id, active.user_id, active.sockets
   )
   SELECT chat_id AS "chatId", user_id AS "userId" FROM counted WHERE sockets = 0`;
