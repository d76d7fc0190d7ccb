import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { observe } from '../bus/index.ts';
import { createDataSource, type DatabaseOptions } from './data-source.ts';
import { guarded } from './failures.ts';
import { poolOf } from './prepared.ts';
import { misfit } from './schema-fit.ts';

const RETRY_MS = 500;
const STATE = 'db.client.connection.state';

export interface Obstacle {
  readonly what: string;
  /** For a person. */
  readonly why: string;
  readonly error?: unknown;
}

/**
 * Opens a pool, waiting for Postgres, and for a schema that this version can work with, as long as it takes. `waits` is told
 * for what, and at the end for nothing.
 */
export async function openDatabase(options: DatabaseOptions, logger: Logger, waits: (obstacle: Obstacle | undefined) => void = () => undefined): Promise<DataSource> {
  const dataSource = createDataSource(options);
  observePool(dataSource);
  for (let attempt = 0; ; attempt++) {
    const obstacle = await findObstacle(dataSource, options.schema);
    waits(obstacle);
    if (obstacle === undefined) return dataSource;
    if (attempt % 20 === 0) logger.warn({ err: obstacle.error }, `waiting for Postgres: ${obstacle.why}`);
    await sleep(RETRY_MS);
  }
}

async function findObstacle(dataSource: DataSource, schema: string): Promise<Obstacle | undefined> {
  try {
    if (!dataSource.isInitialized) await dataSource.initialize();
    const why = await misfit(dataSource, schema);
    return why === undefined ? undefined : { what: 'schema', why };
  } catch (error) {
    return { what: 'postgres', why: 'it cannot be reached, or refuses this user', error };
  }
}

/** How its pool is doing. */
function observePool(dataSource: DataSource): void {
  observe('db.client.connection.count', '{connection}', 'Connections to Postgres', () => {
    const { totalCount = 0, idleCount = 0 } = poolOf(dataSource) ?? {};
    return [{ labels: { [STATE]: 'idle' }, value: idleCount }, { labels: { [STATE]: 'used' }, value: totalCount - idleCount }];
  });
  observe('db.client.connection.pending_requests', '{request}', 'Work that waits for a connection', () => [{ labels: {}, value: poolOf(dataSource)?.waitingCount ?? 0 }]);
}

/** Whether Postgres answers. Throws UNAVAILABLE or BUSY when it does not. */
export async function answers(dataSource: DataSource): Promise<boolean> {
  await guarded(() => dataSource.query('SELECT 1'));
  return true;
}
