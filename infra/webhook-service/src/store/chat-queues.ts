import type { Database } from '@switchboard/shared/postgres';

/** The FIFO queue of one webhook and chat: its deliveries are posted one after the other. */
export interface ChatQueue {
  readonly webhookId: string;
  readonly chatId: string;
}

/**
 * Locks webhooks in the order of their ids, so that two transactions never deadlock. A transaction that
 * changes which delivery of a queue is the oldest waiting one holds this lock until COMMIT. Returns the ids
 * that exist.
 */
export async function lockWebhooks(
  transaction: Database,
  where: string,
  parameters: unknown[],
): Promise<string[]> {
  const rows = await transaction.query<{ id: string }>(
    `SELECT id FROM webhook.webhook WHERE removed_at IS NULL AND ${where} ORDER BY id FOR UPDATE`,
    parameters,
  );
  return rows.map(({ id }) => id);
}

/** Makes the oldest waiting delivery of each queue due now, unless it already has a time. */
export async function promote(transaction: Database, queues: readonly ChatQueue[]): Promise<void> {
  await transaction.query(
    `UPDATE webhook.delivery SET next_at = now()
     FROM unnest($1::uuid[], $2::uuid[]) AS queue(webhook_id, chat_id) CROSS JOIN LATERAL (
       SELECT id FROM webhook.delivery WHERE webhook_id = queue.webhook_id AND chat_id = queue.chat_id AND state = 'waiting' ORDER BY position LIMIT 1
     ) AS oldest
     WHERE delivery.id = oldest.id AND delivery.next_at IS NULL`,
    [queues.map(({ webhookId }) => webhookId), queues.map(({ chatId }) => chatId)],
  );
}
