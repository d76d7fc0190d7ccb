import { AmqpUrl, ExchangeName } from '@switchboard/shared/amqp';
import { Flag, internalConfig, PostgresUrl, processConfig } from '@switchboard/shared/runtime';
import { z } from 'zod';

/** The environment of webhook-service. */
export const Config = z.object({
  ...processConfig,
  ...internalConfig,
  AMQP_URL: AmqpUrl,
  AMQP_EXCHANGE: ExchangeName,
  WEBHOOK_DATABASE_URL: PostgresUrl,
  /** Encrypts the secrets of webhooks; the same for every replica, and for as long as the webhooks live. */
  WEBHOOK_KEY: z.string({ error: 'needed: at least 32 bytes, the same for every replica' }).min(32, { error: 'must be at least 32 bytes' }),
  /** Also plain http, and hosts that are not public: for machines of one's own. */
  WEBHOOK_ALLOW_PRIVATE: Flag.default(false),
});
export type Config = z.output<typeof Config>;
