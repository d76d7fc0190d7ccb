import { AmqpUrl, ExchangeName } from '@switchboard/shared/amqp-config';
import { Flag, internalConfig, Key, PostgresUrl, processConfig } from '@switchboard/shared/runtime';
import { z } from 'zod';

/** The environment of webhook-service. */
export const Config = z.object({
  ...processConfig,
  ...internalConfig,
  AMQP_URL: AmqpUrl,
  AMQP_EXCHANGE: ExchangeName,
  WEBHOOK_DATABASE_URL: PostgresUrl,
  /** Encrypts the secrets of webhooks. */
  WEBHOOK_KEY: Key,
  /** The previous key: the service re-encrypts its secrets with WEBHOOK_KEY at the start. */
  WEBHOOK_KEY_ALSO: Key.optional(),
  /** Allows plain http and hosts that are not public: for development. */
  WEBHOOK_ALLOW_PRIVATE: Flag.default(false),
});
export type Config = z.output<typeof Config>;
