import type { Handler } from '@switchboard/shared/bus';
import type { webhookContracts } from '@switchboard/shared/contracts';
import type { UrlRules, WebhookStore } from '../domain/webhook-store.ts';

export const registerWebhookHandler =
  (store: WebhookStore, rules: UrlRules): Handler<typeof webhookContracts.registerWebhook> =>
  async (webhook, { machine }) => {
    await rules.requireAllowed(webhook.url);
    return store.register(webhook, machine);
  };

export const listWebhooksHandler =
  (store: WebhookStore): Handler<typeof webhookContracts.listWebhooks> =>
  async () => ({ webhooks: await store.list() });

export const removeWebhookHandler =
  (store: WebhookStore): Handler<typeof webhookContracts.removeWebhook> =>
  async ({ webhookId }) => {
    await store.remove(webhookId);
    return { id: webhookId };
  };
