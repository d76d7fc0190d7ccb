import { createLogger } from '@switchboard/shared/runtime';

/** A logger that discards everything, for code under test. */
export const silent = createLogger('test', 'silent');
