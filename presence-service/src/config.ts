import { internalConfig, PostgresUrl, processConfig } from '@switchboard/shared/runtime';
import { z } from 'zod';

/** The environment of presence-service. */
export const Config = z.object({ ...processConfig, ...internalConfig, PRESENCE_DATABASE_URL: PostgresUrl });
export type Config = z.output<typeof Config>;
