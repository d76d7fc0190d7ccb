export { createDataSource, type DatabaseOptions } from './data-source.ts';
export { Leadership } from './leadership.ts';
export { databaseWork, reasonOf, toFailure, type Database } from './failures.ts';
export { migrate } from './migrate.ts';
export { migrationsIn } from './migrations-in.ts';
export { isReachable, openDatabase } from './open.ts';
export { isDatabaseError, prepared } from './prepared.ts';
export { raiseFloor, untilSchemaMismatch } from './schema-fit.ts';
