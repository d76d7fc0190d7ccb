import type { Handler } from '@switchboard/shared/bus';
import type { webhookContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { WebhookStore } from '../domain/webhook-store.ts';

export const pingHandler = (store: WebhookStore): Handler<typeof webhookContracts.ping> =>
  async () => {
    if (!(await store.isReady())) throw new Failure('UNAVAILABLE');
    return { ready: true };
  };
