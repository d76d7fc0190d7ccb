import type { DatabaseOptions } from '@switchboard/shared/postgres';
import { entities, SCHEMA } from './entities.ts';
import { Init1764000000000 } from './migrations/1764000000000-init.ts';
import { Relay1764300000000 } from './migrations/1764300000000-relay.ts';

export const databaseOptions = (url: string): DatabaseOptions => ({
  url,
  schema: SCHEMA,
  applicationName: 'chat-service',
  entities,
  migrations: [Init1764000000000, Relay1764300000000],
});
