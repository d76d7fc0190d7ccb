import base from '../test/helpers/jest.config.mjs';

/** The unit tests of bench and chaos. They need no server. */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/infra/lab/**/*.test.ts'],
  globalSetup: undefined,
  globalTeardown: undefined,
};
