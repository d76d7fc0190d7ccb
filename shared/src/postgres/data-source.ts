import pg from 'pg';
import { ImpatientClient } from './impatient-client.ts';
import { DataSource, type EntitySchema, type MigrationInterface } from 'typeorm';

// bigint columns hold user ids and positions, all within the safe integers.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** The schema this service owns. */
  readonly schema: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly entities: EntitySchema[];
  readonly migrations: (new () => MigrationInterface)[];
  readonly poolSize?: number;
}

/** No statement may outlive the client that waits for it; a lock less still, so that one held row stops one chat. */
const STATEMENT_TIMEOUT_MS = 1_500;
const LOCK_TIMEOUT_MS = 1_200;
const CONNECT_TIMEOUT_MS = 1_000;

/** A connection pool for one schema. Nothing is connected yet; the schema changes by migrations only. */
export const createDataSource = ({ url, schema, applicationName, entities, migrations, poolSize = 10 }: DatabaseOptions): DataSource =>
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
      statement_timeout: STATEMENT_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      // The server's timeouts are of no use when the server is frozen or out of reach.
      query_timeout: STATEMENT_TIMEOUT_MS + 200,
      idle_in_transaction_session_timeout: 10_000,
      keepAlive: true,
      // A plan is made once per connection, perhaps while a table was still empty; nothing here is to be read from end to end.
      options: '-c enable_seqscan=off',
      Client: ImpatientClient,
    },
  });
