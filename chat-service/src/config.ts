import { relayConfig } from '@switchboard/shared/amqp';
import { internalConfig, PostgresUrl, processConfig } from '@switchboard/shared/runtime';
import { z } from 'zod';

/** The environment of chat-service. */
export const Config = z.object({ ...processConfig, ...internalConfig, ...relayConfig, CHAT_DATABASE_URL: PostgresUrl });
export type Config = z.output<typeof Config>;
