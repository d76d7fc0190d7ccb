import type { DatabaseOptions } from '@switchboard/shared/postgres';
import { entities, SCHEMA } from './entities.ts';
import { Init1764000000000 } from './migrations/1764000000000-init.ts';
import { TurnsAndCountedLeases1764100000000 } from './migrations/1764100000000-turns-and-counted-leases.ts';
import { Revocations1764200000000 } from './migrations/1764200000000-revocations.ts';

export const databaseOptions = (url: string): DatabaseOptions => ({
  url,
  schema: SCHEMA,
  applicationName: 'presence-service',
  entities,
  migrations: [Init1764000000000, TurnsAndCountedLeases1764100000000, Revocations1764200000000],
});
