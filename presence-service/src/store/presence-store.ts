import { answers, guarded, type Database } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import type { Presence, PresenceStore } from '../domain/presence-store.ts';

/**
 * Sockets and leases in Postgres. `active_user.sockets` counts a user's rows in `joined_socket`; both change in one
 * statement, and the count's row lock puts the changes of one user in one chat in order, so each first and each last
 * socket is told apart exactly once, by whichever replica.
 */
export function createPresenceStore(database: DataSource): PresenceStore {
  return {
    enter: ({ chatId, userId }, { id: socketId, gatewayId }) => guarded(async () => {
      const rows = await database.query<{ isFirst: boolean }[]>(
        `WITH lease AS (
           INSERT INTO presence.gateway_lease (gateway_id, renewed_at) VALUES ($4, now()) ON CONFLICT DO NOTHING
         ), entered AS (
           INSERT INTO presence.joined_socket AS known (chat_id, socket_id, user_id, gateway_id) VALUES ($1, $3, $2, $4)
           ON CONFLICT (chat_id, socket_id) DO UPDATE SET gone_at = NULL
           RETURNING chat_id, user_id, (xmax = 0) AS is_new
         )
         INSERT INTO presence.active_user AS active (chat_id, user_id, sockets) SELECT chat_id, user_id, 1 FROM entered WHERE is_new
         ON CONFLICT (chat_id, user_id) DO UPDATE SET sockets = active.sockets + 1
         RETURNING sockets = 1 AS "isFirst"`,
        [chatId, userId, socketId, gatewayId],
      );
      return rows[0]?.isFirst ?? false;
    }),

    leave: ({ chatId, userId }, socketId) => guarded(async () => {
      const gone = await removeSockets(database, 'chat_id = $1 AND socket_id = $2 AND user_id = $3', [chatId, socketId, userId]);
      return gone.length > 0;
    }),

    drop: ({ chatId, userId }, socketId, graceMs) => guarded(async () => {
      const rows = await database.query<{ isAway: boolean }[]>(
        `WITH dropped AS (
           UPDATE presence.joined_socket SET gone_at = now() + make_interval(secs => $4 / 1000.0)
           WHERE chat_id = $1 AND socket_id = $2 AND user_id = $3 AND gone_at IS NULL
         )
         SELECT NOT EXISTS (
           SELECT 1 FROM presence.joined_socket WHERE chat_id = $1 AND user_id = $3 AND socket_id <> $2 AND gone_at IS NULL
         ) AS "isAway"`,
        [chatId, socketId, userId, graceMs],
      );
      return rows[0]?.isAway ?? true;
    }),

    activeUsers: (chatId) => guarded(async () => {
      const rows = await database.query<{ userId: number }[]>(
        'SELECT user_id AS "userId" FROM presence.active_user WHERE chat_id = $1 AND sockets > 0 ORDER BY user_id',
        [chatId],
      );
      return rows.map((row) => row.userId);
    }),

    renewLease: (gatewayId) => guarded(async () => {
      const rows = await database.query<{ known: boolean }[]>(
        `WITH before AS (SELECT is_renewed FROM presence.gateway_lease WHERE gateway_id = $1)
         INSERT INTO presence.gateway_lease (gateway_id, renewed_at, is_renewed) VALUES ($1, now(), true)
         ON CONFLICT (gateway_id) DO UPDATE SET renewed_at = now(), is_renewed = true
         RETURNING coalesce((SELECT is_renewed FROM before), false) AS known`,
        [gatewayId],
      );
      return rows[0]?.known ?? false;
    }),

    removeDropped: () => guarded(() => database.transaction(async (transaction) => {
      await takeTurn(transaction);
      return removeSockets(transaction, 'gone_at < now()', []);
    })),

    removeExpired: (leaseMs) => guarded(() => database.transaction(async (transaction) => {
      await takeTurn(transaction);
      const [expired] = await transaction.query<[{ gatewayId: string }[], number]>(
        `DELETE FROM presence.gateway_lease WHERE renewed_at < now() - make_interval(secs => $1 / 1000.0) RETURNING gateway_id AS "gatewayId"`,
        [leaseMs],
      );
      if (expired.length === 0) return [];
      return removeSockets(transaction, 'gateway_id = ANY($1::uuid[])', [expired.map((lease) => lease.gatewayId)]);
    })),

    isReady: () => answers(database),
  };
}

/** Of several replicas one removes at a time, so that they never wait for each other in a circle. */
async function takeTurn(transaction: Database): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(hashtextextended('switchboard.presence.remove', 0))`);
}

/** Deletes sockets, counts them off, and returns the users left without one. */
async function removeSockets(database: Database, condition: string, parameters: unknown[]): Promise<Presence[]> {
  const gone = await database.query<Presence>(
    `WITH removed AS (
       DELETE FROM presence.joined_socket WHERE ${condition} RETURNING chat_id, user_id
     ), lost AS (
       SELECT chat_id, user_id, count(*) AS sockets FROM removed GROUP BY chat_id, user_id
     ), counted AS (
       UPDATE presence.active_user AS active SET sockets = active.sockets - lost.sockets FROM lost
       WHERE active.chat_id = lost.chat_id AND active.user_id = lost.user_id
       RETURNING active.chat_id, active.user_id, active.sockets
     )
     SELECT chat_id AS "chatId", user_id AS "userId" FROM counted WHERE sockets <= 0`,
    parameters,
  );
  if (gone.length > 0) {
    await database.query(
      `DELETE FROM presence.active_user AS active USING unnest($1::uuid[], $2::bigint[]) AS gone(chat_id, user_id)
       WHERE active.chat_id = gone.chat_id AND active.user_id = gone.user_id AND active.sockets <= 0`,
      [gone.map((presence) => presence.chatId), gone.map((presence) => presence.userId)],
    );
  }
  return gone;
}
