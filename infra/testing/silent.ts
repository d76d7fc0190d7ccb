import { createLogger } from '@switchboard/shared/runtime';

/** For processes under test: what they would log is no part of what is asserted. */
export const silent = createLogger('test', 'silent');
