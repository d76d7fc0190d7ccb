import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { observe } from '../bus/index.ts';
import { createDataSource, type DatabaseOptions } from './data-source.ts';
import { guarded } from './failures.ts';
import { poolOf } from './prepared.ts';

const RETRY_MS = 500;
const STATE = 'db.client.connection.state';

/** Opens a pool, waiting for Postgres as long as it takes. */
export async function openDatabase(options: DatabaseOptions, logger: Logger): Promise<DataSource> {
  const dataSource = createDataSource(options);
  observePool(dataSource);
  for (let attempt = 1; ; attempt++) {
    try {
      return await dataSource.initialize();
    } catch (error) {
      if (attempt % 20 === 1) logger.warn({ err: error }, 'waiting for Postgres');
      await sleep(RETRY_MS);
    }
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
