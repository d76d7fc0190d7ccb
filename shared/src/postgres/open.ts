import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { observe } from '../bus/index.ts';
import { createDataSource, type DatabaseOptions } from './data-source.ts';
import { guarded } from './failures.ts';

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

/** How its pool is doing. TypeORM keeps it as `driver.master`, typed as anything. */
function observePool({ driver }: DataSource): void {
  const pool = (): pg.Pool | undefined => ('master' in driver && driver.master instanceof pg.Pool ? driver.master : undefined);
  observe('db.client.connection.count', '{connection}', 'Connections to Postgres', () => {
    const { totalCount = 0, idleCount = 0 } = pool() ?? {};
    return [{ labels: { [STATE]: 'idle' }, value: idleCount }, { labels: { [STATE]: 'used' }, value: totalCount - idleCount }];
  });
  observe('db.client.connection.pending_requests', '{request}', 'Work that waits for a connection', () => [{ labels: {}, value: pool()?.waitingCount ?? 0 }]);
}

/** Whether Postgres answers. Throws UNAVAILABLE or BUSY when it does not. */
export async function answers(dataSource: DataSource): Promise<boolean> {
  await guarded(() => dataSource.query('SELECT 1'));
  return true;
}
