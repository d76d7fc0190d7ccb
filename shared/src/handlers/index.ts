export { DEFAULT_PAGE_LIMIT } from './page.ts';
export { pingHandler } from './ping.ts';
export { readHeadsHandler, readLogHandler, type ReadableLog } from './read-log.ts';
