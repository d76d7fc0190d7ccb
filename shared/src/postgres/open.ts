import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { addressOf } from '../addresses.ts';
import { ConfigError } from '../config-error.ts';
import { observeGauge } from '../telemetry/index.ts';
import { createDataSource, urlVariableOf, type DatabaseOptions } from './data-source.ts';
import { databaseWork, reasonOf } from './failures.ts';
import { poolOf } from './internals/typeorm.ts';
import { requireOwnSession } from './pooling.ts';
import { schemaMismatch } from './schema-fit.ts';

const RETRY_MS = 500;
/** Attempts per log line. */
const LOG_EVERY = 20;
const STATE = 'db.client.connection.state';

export interface Obstacle {
  readonly what: string;
  /** For the log and the readiness page. */
  readonly why: string;
  readonly error?: unknown;
}

/**
 * Opens a pool. Waits without a limit for Postgres and for a schema that fits this version. Calls `onWait`
 * with the obstacle after each attempt, and with undefined at the end. Throws a ConfigError behind a pooler
 * that shares sessions.
 */
export async function openDatabase(
  options: DatabaseOptions,
  logger: Logger,
  onWait: (obstacle: Obstacle | undefined) => void = () => undefined,
): Promise<DataSource> {
  const dataSource = createDataSource(options);
  observePool(dataSource);
  const wait = { address: addressOf(options.url), since: new Date().toISOString() };
  for (let attempt = 0; ; attempt++) {
    const obstacle = await findObstacle(dataSource, options);
    onWait(obstacle);
    if (obstacle === undefined) return dataSource;
    if (attempt % LOG_EVERY === 0)
      logger.warn({ ...wait, err: obstacle.error }, `waiting for Postgres: ${obstacle.why}`);
    await sleep(RETRY_MS);
  }
}

async function findObstacle(
  dataSource: DataSource,
  { url, schema }: DatabaseOptions,
): Promise<Obstacle | undefined> {
  try {
    if (!dataSource.isInitialized) {
      await requireOwnSession(url, urlVariableOf(schema));
      await dataSource.initialize();
    }
    const why = await schemaMismatch(dataSource, schema);
    return why === undefined ? undefined : { what: 'schema', why };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    return {
      what: 'postgres',
      why: `it is unreachable or rejects this user: ${reasonOf(error)}`,
      error,
    };
  }
}

/** The gauges of the pool. */
function observePool(dataSource: DataSource): void {
  observeGauge('db.client.connection.count', '{connection}', 'Connections to Postgres', () => {
    const { totalCount = 0, idleCount = 0 } = poolOf(dataSource) ?? {};
    return [
      { labels: { [STATE]: 'idle' }, value: idleCount },
      { labels: { [STATE]: 'used' }, value: totalCount - idleCount },
    ];
  });
  observeGauge(
    'db.client.connection.pending_requests',
    '{request}',
    'Work that waits for a connection',
    () => [{ labels: {}, value: poolOf(dataSource)?.waitingCount ?? 0 }],
  );
}

/** True once Postgres replied. Throws UNAVAILABLE or BUSY otherwise. */
export async function isReachable(dataSource: DataSource): Promise<boolean> {
  await databaseWork(() => dataSource.query('SELECT 1'));
  return true;
}
