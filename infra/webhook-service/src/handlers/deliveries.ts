import type { Handler } from '@switchboard/shared/bus';
import type { webhookContracts } from '@switchboard/shared/contracts';
import { DEFAULT_PAGE_LIMIT } from '@switchboard/shared/handlers';
import type { WebhookStore } from '../domain/webhook-store.ts';

export const listDeliveriesHandler =
  (store: WebhookStore): Handler<typeof webhookContracts.listDeliveries> =>
  ({ limit = DEFAULT_PAGE_LIMIT, ...filter }) =>
    store.listDeliveries({ ...filter, limit });

export const replayDeliveriesHandler =
  (store: WebhookStore): Handler<typeof webhookContracts.replayDeliveries> =>
  async ({ webhookId, deliveryId }) => ({ count: await store.replay(webhookId, deliveryId) });
