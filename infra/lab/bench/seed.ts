import { randomUUID } from 'node:crypto';
import type pg from 'pg';

/** Every tenth message belongs to the large chat; the others rotate over `OTHERS` chats. */
const LARGE_EVERY = 10;
const OTHERS = 9_000;
const STEP = 250_000;
export const SMALL = 100;

/** A message history as it grows in production: the messages of different chats are interleaved. */
export class History {
  readonly large = randomUUID();
  readonly small = randomUUID();
  readonly #client: pg.Client;
  #stored = 0;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  /** Creates a history with the small chat only. `client` must be a superuser's. */
  static async begin(client: pg.Client): Promise<History> {
    const history = new History(client);
    await client.query(
      'CREATE TEMPORARY TABLE other_chat AS SELECT n, gen_random_uuid() AS id FROM generate_series(0, $1::integer - 1) AS n',
      [OTHERS],
    );
    await client.query('CREATE UNIQUE INDEX ON other_chat (n)');
    await client.query('ANALYZE other_chat');
    await history.#append(
      `SELECT $1::uuid AS chat_id, n AS seq FROM generate_series(1, ${String(SMALL)}) AS n`,
      [history.small],
    );
    return history;
  }

  /** Stores messages up to this total and logs its progress. */
  async growTo(messages: number, log: (line: string) => void): Promise<void> {
    for (; this.#stored < messages; this.#stored += STEP) {
      const to = Math.min(messages, this.#stored + STEP);
      // Each tenth message goes to the large chat; the rest rotate over the other chats.
      await this.#append(
        `SELECT $1::uuid AS chat_id, n / ${String(LARGE_EVERY)} AS seq FROM generate_series($2::integer + 1, $3::integer) AS n WHERE n % ${String(LARGE_EVERY)} = 0
         UNION ALL
         SELECT other_chat.id, rest / ${String(OTHERS)} + 1 FROM (
           SELECT n - n / ${String(LARGE_EVERY)} - 1 AS rest FROM generate_series($2::integer + 1, $3::integer) AS n WHERE n % ${String(LARGE_EVERY)} <> 0
         ) AS numbered JOIN other_chat ON other_chat.n = rest % ${String(OTHERS)}`,
        [this.large, this.#stored, to],
      );
      log(`${String(to)} messages stored`);
    }
    this.#stored = messages;
    await this.#client.query(
      `INSERT INTO message.chat (id, client_id, status, version, seq, rev)
       SELECT chat_id, 1, 'ACTIVE', 1, max(seq), max(seq) FROM message.message WHERE chat_id = ANY($1::uuid[]) GROUP BY chat_id
       ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, rev = excluded.rev`,
      [[this.large, this.small]],
    );
    await this.#client.query(
      `INSERT INTO presence.chat (id, client_id, status, version) SELECT id, 1, 'ACTIVE', 1 FROM unnest($1::uuid[]) AS id ON CONFLICT DO NOTHING`,
      [[this.large, this.small]],
    );
    // Autovacuum would do this later.
    await this.#client.query('VACUUM (ANALYZE) message.message, message.chat_log');
  }

  /** Bytes on disk per message, with its indexes and its log entry. */
  async bytesPerMessage(): Promise<number> {
    const {
      rows: [row],
    } = await this.#client.query<{ bytes: number }>(
      `SELECT (pg_total_relation_size('message.message') + pg_total_relation_size('message.chat_log'))::float8 / (SELECT count(*) FROM message.message) AS bytes`,
    );
    return row?.bytes ?? Number.NaN;
  }

  async #append(select: string, values: unknown[]): Promise<void> {
    await this.#client.query(
      `WITH new AS MATERIALIZED (${select}), stored AS (
         INSERT INTO message.message (chat_id, seq, id, sender_id, sender_email, sender_role, text, created_at, rev, chat_version)
         SELECT chat_id, seq, gen_random_uuid(), 1, 'client1@example.com', 'client', 'How may I help you today? I am all ears, and have been for long.', now(), seq, 1 FROM new
       )
       INSERT INTO message.chat_log (chat_id, rev, event, payload) SELECT chat_id, seq, 'newMessage', jsonb_build_object('seq', seq) FROM new`,
      values,
    );
  }
}
