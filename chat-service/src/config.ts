import { relayConfig } from '@switchboard/shared/amqp-config';
import { internalConfig, Limit, PostgresUrl, processConfig } from '@switchboard/shared/runtime';
import { z } from 'zod';

/** The environment of chat-service. */
export const Config = z.object({
  ...processConfig,
  ...internalConfig,
  ...relayConfig,
  CHAT_DATABASE_URL: PostgresUrl,
  /** Chats of one client that are not closed. */
  MAX_OPEN_CHATS: Limit.default(20),
});
export type Config = z.output<typeof Config>;
