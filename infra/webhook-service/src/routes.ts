import type { RoutesOf } from '@switchboard/shared/bus';
import type { webhookContracts } from '@switchboard/shared/contracts';
import { pingHandler } from '@switchboard/shared/handlers';
import type { UrlRules, WebhookStore } from './domain/webhook-store.ts';
import { listDeliveriesHandler, replayDeliveriesHandler } from './handlers/deliveries.ts';
import { listWebhooksHandler, registerWebhookHandler, removeWebhookHandler } from './handlers/webhooks.ts';

/** The table of contents of webhook-service: a contract without a handler does not compile. */
export const routes = (store: WebhookStore, rules: UrlRules) =>
  ({
    registerWebhook: registerWebhookHandler(store, rules),
    listWebhooks: listWebhooksHandler(store),
    removeWebhook: removeWebhookHandler(store),
    listDeliveries: listDeliveriesHandler(store),
    replayDeliveries: replayDeliveriesHandler(store),
    ping: pingHandler(store),
  }) satisfies RoutesOf<typeof webhookContracts>;
