import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { createDataSource, type DatabaseOptions } from './data-source.ts';
import { guarded } from './failures.ts';

const RETRY_MS = 500;

/** Opens a pool, waiting for Postgres as long as it takes. */
export async function openDatabase(options: DatabaseOptions, logger: Logger): Promise<DataSource> {
  const dataSource = createDataSource(options);
  for (let attempt = 1; ; attempt++) {
    try {
      return await dataSource.initialize();
    } catch (error) {
      if (attempt % 20 === 1) logger.warn({ err: error }, 'waiting for Postgres');
      await sleep(RETRY_MS);
    }
  }
}

/** Whether Postgres answers. Throws UNAVAILABLE or BUSY when it does not. */
export async function answers(dataSource: DataSource): Promise<boolean> {
  await guarded(() => dataSource.query('SELECT 1'));
  return true;
}
