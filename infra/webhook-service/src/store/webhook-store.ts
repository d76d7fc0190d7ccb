import { REPLAY_PAGE, type Delivery, type DeliveryState, type Webhook } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { isReachable, databaseWork, prepared, type Database } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import { v7 as uuid } from 'uuid';
import type { Seal } from '../domain/seal.ts';
import type { WebhookStore } from '../domain/webhook-store.ts';
import { lockWebhooks, promote } from './chat-queues.ts';
import { deliveryCursor } from './cursors.ts';

interface WebhookRow extends Omit<Webhook, 'createdAt'> {
  readonly createdAt: Date;
}

interface DeliveryRow extends Pick<Delivery, 'id' | 'eventId' | 'type' | 'chatId' | 'attempts'> {
  readonly position: number;
  readonly state: DeliveryState;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly lastAt: Date | null;
  readonly nextAt: Date | null;
}

const WEBHOOK = 'id, url, events, created_at AS "createdAt"';
const DELIVERY = `id, position, event_id AS "eventId", type, chat_id AS "chatId", state, attempts, last_status AS "lastStatus", last_error AS "lastError",
  last_at AS "lastAt", next_at AS "nextAt"`;

export function createWebhookStore(database: DataSource, seal: Seal): WebhookStore {
  const statements = prepared(database);

  return {
    register: ({ url, events, secret }, by) =>
      databaseWork(async () => {
        const id = uuid();
        const [row] = await statements.query<WebhookRow>(
          `/* register-webhook */ INSERT INTO webhook.webhook (id, url, events, secret, created_by) VALUES ($1, $2, $3, $4, $5) RETURNING ${WEBHOOK}`,
          [id, url, [...new Set(events)], seal.encrypt(secret, id), by],
        );
        if (row === undefined) throw new Error('INSERT returned no webhook');
        return toWebhook(row);
      }),

    list: () =>
      databaseWork(async () => {
        const rows = await statements.query<WebhookRow>(
          `/* list-webhooks */ SELECT ${WEBHOOK} FROM webhook.webhook WHERE removed_at IS NULL ORDER BY id`,
        );
        return rows.map(toWebhook);
      }),

    remove: (webhookId) =>
      databaseWork(async () => {
        const rows = await statements.query(
          `/* remove-webhook */ UPDATE webhook.webhook SET removed_at = now(), secret = '' WHERE id = $1 AND removed_at IS NULL RETURNING id`,
          [webhookId],
        );
        if (rows.length === 0) throw new Failure('WEBHOOK_NOT_FOUND');
      }),

    listDeliveries: ({ webhookId, state, limit, cursor }) =>
      databaseWork(async () => {
        const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : deliveryCursor.decode(cursor);
        const known = await statements.query(
          '/* find-webhook */ SELECT 1 FROM webhook.webhook WHERE id = $1 AND removed_at IS NULL',
          [webhookId],
        );
        if (known.length === 0) throw new Failure('WEBHOOK_NOT_FOUND');
        const rows = await (state === undefined
          ? statements.query<DeliveryRow>(
              `/* list-deliveries */ SELECT ${DELIVERY} FROM webhook.delivery WHERE webhook_id = $1 AND position < $2 ORDER BY position DESC LIMIT $3`,
              [webhookId, before, limit + 1],
            )
          : statements.query<DeliveryRow>(
              `/* list-deliveries-of-state */ SELECT ${DELIVERY} FROM webhook.delivery WHERE webhook_id = $1 AND position < $2 AND state = $4 ORDER BY position DESC LIMIT $3`,
              [webhookId, before, limit + 1, state],
            ));
        const page = rows.slice(0, limit);
        const last = page.at(-1);
        return {
          deliveries: page.map(toDelivery),
          ...(rows.length > limit && last !== undefined
            ? { nextCursor: deliveryCursor.encode(last.position) }
            : {}),
        };
      }),

    replay: (webhookId, deliveryId) =>
      databaseWork(() =>
        database.transaction(async (transaction) => {
          const [webhook] = await lockWebhooks(transaction, 'id = $1', [webhookId]);
          if (webhook === undefined) throw new Failure('WEBHOOK_NOT_FOUND');
          const chatIds = await requeue(transaction, webhookId, deliveryId);
          // The delivery that was next in these chats may be younger than a replayed one.
          await transaction.query(
            'UPDATE webhook.delivery SET next_at = NULL WHERE webhook_id = $1 AND next_at IS NOT NULL AND chat_id = ANY($2::uuid[])',
            [webhookId, chatIds],
          );
          await promote(
            transaction,
            [...new Set(chatIds)].map((chatId) => ({ webhookId, chatId })),
          );
          return chatIds.length;
        }),
      ),

    reencrypt: () =>
      databaseWork(async () => {
        const rows = await statements.query<{ id: string; secret: Buffer }>(
          `/* encrypted-secrets */ SELECT id, secret FROM webhook.webhook WHERE removed_at IS NULL`,
        );
        const outdated = rows.filter(({ id, secret }) => seal.isOutdated(secret, id));
        for (const { id, secret } of outdated) {
          // Changes nothing when the webhook was removed, or re-encrypted by another replica, in between.
          await statements.query(
            '/* reencrypt-secret */ UPDATE webhook.webhook SET secret = $3 WHERE id = $1 AND secret = $2',
            [id, secret, seal.encrypt(seal.decrypt(secret, id), id)],
          );
        }
        return outdated.length;
      }),

    isReady: () => isReachable(database),
  };
}

/** Returns the chat of each requeued delivery. */
async function requeue(
  transaction: Database,
  webhookId: string,
  deliveryId: string | undefined,
): Promise<string[]> {
  const [which, parameter] =
    deliveryId === undefined
      ? [`state = 'dead' ORDER BY position LIMIT $2`, REPLAY_PAGE]
      : [`state <> 'waiting' AND id = $2`, deliveryId];
  const rows = await transaction.query<{ chatId: string }>(
    `WITH again AS (
       UPDATE webhook.delivery SET state = 'waiting', attempts = 0, first_at = NULL
       WHERE id IN (SELECT id FROM webhook.delivery WHERE webhook_id = $1 AND ${which}) RETURNING chat_id
     )
     SELECT chat_id AS "chatId" FROM again`,
    [webhookId, parameter],
  );
  return rows.map(({ chatId }) => chatId);
}

const toWebhook = ({ createdAt, ...row }: WebhookRow): Webhook => ({
  ...row,
  createdAt: createdAt.toISOString(),
});

const toDelivery = ({
  id,
  eventId,
  type,
  chatId,
  state,
  attempts,
  lastStatus,
  lastError,
  lastAt,
  nextAt,
}: DeliveryRow): Delivery => ({
  id,
  eventId,
  type,
  chatId,
  state,
  attempts,
  ...(lastStatus === null ? {} : { lastStatus }),
  ...(lastError === null ? {} : { lastError }),
  ...(lastAt === null ? {} : { lastAt: lastAt.toISOString() }),
  ...(nextAt === null ? {} : { nextAt: nextAt.toISOString() }),
  ...(lastAt === null || state !== 'delivered' ? {} : { deliveredAt: lastAt.toISOString() }),
});
