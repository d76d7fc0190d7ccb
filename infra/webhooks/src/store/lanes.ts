import type { Database } from '@switchboard/shared/postgres';

/** One webhook's deliveries of one chat: one after the other. */
export interface Lane {
  readonly webhookId: string;
  readonly chatId: string;
}

/**
 * Webhooks by their ids, in that order, so that two who lock several never wait for each other. Whoever changes which delivery
 * of a lane is the oldest that waits holds its webhook's lock until COMMIT. Returns the ids of those that are there.
 */
export async function lockWebhooks(transaction: Database, where: string, parameters: unknown[]): Promise<string[]> {
  const rows = await transaction.query<{ id: string }>(`SELECT id FROM webhook.webhook WHERE removed_at IS NULL AND ${where} ORDER BY id FOR UPDATE`, parameters);
  return rows.map(({ id }) => id);
}

/** Makes the oldest delivery that waits in each of these lanes the next to be tried, at once unless it is already to be. */
export async function promote(transaction: Database, lanes: readonly Lane[]): Promise<void> {
  await transaction.query(
    `UPDATE webhook.delivery SET next_at = now()
     FROM unnest($1::uuid[], $2::uuid[]) AS lane(webhook_id, chat_id) CROSS JOIN LATERAL (
       SELECT id FROM webhook.delivery WHERE webhook_id = lane.webhook_id AND chat_id = lane.chat_id AND state = 'waiting' ORDER BY position LIMIT 1
     ) AS oldest
     WHERE delivery.id = oldest.id AND delivery.next_at IS NULL`,
    [lanes.map(({ webhookId }) => webhookId), lanes.map(({ chatId }) => chatId)],
  );
}
