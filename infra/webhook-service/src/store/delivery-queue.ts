import { cut } from '@switchboard/shared/contracts';
import { databaseWork, prepared } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import { v7 as uuid } from 'uuid';
import type { DeliveryQueue, DueDelivery } from '../domain/webhook-store.ts';
import { lockWebhooks, promote, type ChatQueue } from './chat-queues.ts';

const KEEP_DELIVERED = '7 days';
const KEEP_DEAD = '30 days';
/** Rows that one statement deletes. */
const BATCH = 2_000;
const MAX_ERROR_LENGTH = 200;

interface DueRow extends Omit<DueDelivery, 'traceparent'> {
  readonly traceparent: string | null;
}

export function createDeliveryQueue(database: DataSource): DeliveryQueue {
  const statements = prepared(database);

  return {
    enqueue: (events) =>
      databaseWork(() =>
        database.transaction(async (transaction) => {
          const webhookIds = await lockWebhooks(transaction, 'events && $1::text[]', [
            events.map(({ routingKey }) => routingKey),
          ]);
          if (webhookIds.length === 0) return;
          const wanted = events.flatMap((event) => webhookIds.map((webhookId) => ({ ...event, webhookId })));
          // The sequence numbers positions in the order of the SELECT.
          const chatQueues = await transaction.query<ChatQueue[]>(
            `INSERT INTO webhook.delivery (id, webhook_id, event_id, type, chat_id, body, traceparent)
         SELECT event.id, event.webhook_id, event.event_id, event.type, event.chat_id, event.body, event.traceparent
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[]) WITH ORDINALITY
           AS event(id, webhook_id, event_id, type, chat_id, body, traceparent, routing_key, ordinality)
         JOIN webhook.webhook ON webhook.id = event.webhook_id AND event.routing_key = ANY(webhook.events)
         ORDER BY event.ordinality
         ON CONFLICT (webhook_id, event_id) DO NOTHING
         RETURNING webhook_id AS "webhookId", chat_id AS "chatId"`,
            [
              wanted.map(() => uuid()),
              wanted.map(({ webhookId }) => webhookId),
              wanted.map(({ id }) => id),
              wanted.map(({ type }) => type),
              wanted.map(({ chatId }) => chatId),
              wanted.map(({ body }) => body),
              wanted.map(({ traceparent }) => traceparent ?? null),
              wanted.map(({ routingKey }) => routingKey),
            ],
          );
          await promote(transaction, chatQueues);
        }),
      ),

    due: (perWebhook) =>
      databaseWork(async () => {
        const rows = await statements.query<DueRow>(
          `/* due-deliveries */ SELECT next.id, webhook.id AS "webhookId", webhook.url, webhook.secret, next.event_id AS "eventId", next.chat_id AS "chatId", next.body,
           next.traceparent, next.attempts, coalesce(extract(epoch FROM now() - next.first_at)::float8 * 1000, 0) AS "ageMs"
         FROM webhook.webhook CROSS JOIN LATERAL (
           SELECT * FROM webhook.delivery WHERE webhook_id = webhook.id AND next_at <= now() ORDER BY next_at LIMIT $1
         ) AS next
         WHERE removed_at IS NULL ORDER BY next.next_at`,
          [perWebhook],
        );
        return rows.map((row) => ({ ...row, traceparent: row.traceparent ?? undefined }));
      }),

    settle: ({ id, webhookId, chatId, attempts }, result, verdict) =>
      databaseWork(async () => {
        const [status, error] = [
          'status' in result ? result.status : null,
          verdict.state === 'delivered' ? null : cut(verdict.error, MAX_ERROR_LENGTH),
        ];
        if (verdict.state === 'waiting') {
          // next_at stays NULL when a replay has put an older delivery of the chat first.
          await statements.query(
            `/* put-off-delivery */ UPDATE webhook.delivery SET attempts = attempts + 1, first_at = coalesce(first_at, now()), last_at = now(), last_status = $3, last_error = $4,
             next_at = CASE WHEN next_at IS NOT NULL THEN now() + $5 * interval '1 ms' END
           WHERE id = $1 AND state = 'waiting' AND attempts = $2`,
            [id, attempts, status, error, verdict.delayMs],
          );
          return;
        }
        await database.transaction(async (transaction) => {
          await lockWebhooks(transaction, 'id = $1', [webhookId]);
          await transaction.query(
            `UPDATE webhook.delivery SET state = $3, next_at = NULL, attempts = attempts + 1, first_at = coalesce(first_at, now()), last_at = now(), last_status = $4, last_error = $5
           WHERE id = $1 AND state = 'waiting' AND attempts = $2`,
            [id, attempts, verdict.state, status, error],
          );
          await promote(transaction, [{ webhookId, chatId }]);
        });
      }),

    oldestWaiting: () =>
      databaseWork(async () => {
        const [row] = await statements.query<{ seconds: number }>(
          `/* oldest-waiting */ SELECT extract(epoch FROM now() - created_at)::float8 AS seconds FROM webhook.delivery
         WHERE state = 'waiting' AND EXISTS (SELECT FROM webhook.webhook WHERE webhook.id = webhook_id AND removed_at IS NULL) ORDER BY position LIMIT 1`,
        );
        return Math.max(0, row?.seconds ?? 0);
      }),

    prune: () =>
      databaseWork(async () => {
        const finishedBefore = (state: string, time: string) =>
          `(SELECT id FROM webhook.delivery WHERE state = '${state}' AND last_at < now() - interval '${time}' LIMIT ${BATCH.toString()})`;
        await statements.query(
          `/* forget-over */ DELETE FROM webhook.delivery WHERE id IN (${finishedBefore('delivered', KEEP_DELIVERED)} UNION ALL ${finishedBefore('dead', KEEP_DEAD)})`,
        );
        await statements.query(
          `/* forget-removed */ DELETE FROM webhook.delivery WHERE id IN (
           SELECT left_over.id FROM webhook.webhook CROSS JOIN LATERAL (SELECT id FROM webhook.delivery WHERE webhook_id = webhook.id LIMIT ${BATCH.toString()}) AS left_over
           WHERE removed_at IS NOT NULL LIMIT ${BATCH.toString()}
         )`,
        );
        await statements.query(
          `/* forget-webhooks */ DELETE FROM webhook.webhook WHERE removed_at < now() - interval '1 hour' AND NOT EXISTS (SELECT FROM webhook.delivery WHERE webhook_id = webhook.id)`,
        );
      }),
  };
}
