export { createDataSource, type DatabaseOptions } from './data-source.ts';
export { Leadership } from './leadership.ts';
export { guarded, toFailure, type Database } from './failures.ts';
export { migrate } from './migrate.ts';
export { answers, openDatabase } from './open.ts';
export { isRefusal, prepared } from './prepared.ts';
export { raiseFloor, untilMisfit } from './schema-fit.ts';
