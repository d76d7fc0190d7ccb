import { migrationsIn, type DatabaseOptions } from '@switchboard/shared/postgres';
import { entities, SCHEMA } from './entities.ts';

const migrations = await migrationsIn(new URL('migrations/', import.meta.url));

export const databaseOptions = (url: string): DatabaseOptions => ({
  url,
  schema: SCHEMA,
  applicationName: 'chat-service',
  entities,
  migrations,
});
