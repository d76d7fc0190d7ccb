import { availableParallelism } from 'node:os';

/** One configuration for every workspace: TypeScript is stripped as at run time, modules stay ES modules. */
export default {
  rootDir: '../..',
  testMatch: ['<rootDir>/*/test/**/*.test.ts', '<rootDir>/infra/*/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/infra/testing/strip-types.mjs' },
  globalSetup: '<rootDir>/infra/testing/global-setup.ts',
  globalTeardown: '<rootDir>/infra/testing/global-teardown.ts',
  // Tests mostly wait for other processes.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  testTimeout: 30_000,
};
