import pg from 'pg';
import { DataSource, type EntitySchema } from 'typeorm';
import { FailFastClient } from './fail-fast-client.ts';
import type { Migration } from './migrations-in.ts';
import { sessionWith, type SessionSettings } from './session.ts';

// bigint columns hold user ids and positions, all safe integers.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** The schema this service owns. */
  readonly schema: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly entities: EntitySchema[];
  readonly migrations: Migration[];
  readonly poolSize?: number;
}

/** The variable that holds the URL of the schema's database. */
export const urlVariableOf = (schema: string): string => `${schema.toUpperCase()}_DATABASE_URL`;

/** No statement outlives the request that waits for it. Waiting for a lock ends earlier, as BUSY. */
const STATEMENT_TIMEOUT_MS = 1_500;
const LOCK_TIMEOUT_MS = 1_200;
const CONNECT_TIMEOUT_MS = 1_000;

const SETTINGS: SessionSettings = {
  statement_timeout: STATEMENT_TIMEOUT_MS,
  lock_timeout: LOCK_TIMEOUT_MS,
  // The row locks of a frozen replica must not hold up the others.
  idle_in_transaction_session_timeout: 2_500,
  // A prepared statement keeps its plan, perhaps from a time when the table was empty. No query here needs a
  // sequential scan.
  enable_seqscan: 'off',
};

/** An unconnected pool for one schema. Only migrations change the schema. */
export const createDataSource = ({
  url,
  schema,
  applicationName,
  entities,
  migrations,
  poolSize = 10,
}: DatabaseOptions): DataSource =>
  new DataSource({
    type: 'postgres',
    url,
    schema,
    applicationName,
    entities,
    migrations,
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
    poolSize,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    extra: {
      // The client's timeout covers a frozen or unreachable server.
      query_timeout: STATEMENT_TIMEOUT_MS + 200,
      keepAlive: true,
      onConnect: sessionWith(SETTINGS),
      Client: FailFastClient,
    },
  });
