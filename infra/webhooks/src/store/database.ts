import type { DatabaseOptions } from '@switchboard/shared/postgres';
import { entities, SCHEMA } from './entities.ts';
import { Init1764400000000 } from './migrations/1764400000000-init.ts';

export const databaseOptions = (url: string): DatabaseOptions => ({
  url,
  schema: SCHEMA,
  applicationName: 'webhook-service',
  entities,
  migrations: [Init1764400000000],
});
