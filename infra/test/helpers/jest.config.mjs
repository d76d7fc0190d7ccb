import { availableParallelism } from 'node:os';

/** One configuration for all workspaces: Node strips types as at run time, and modules stay ES modules. */
export default {
  rootDir: '../../..',
  testMatch: [
    '<rootDir>/*/test/**/*.test.ts',
    '<rootDir>/infra/test/**/*.test.ts',
    '<rootDir>/infra/webhook-service/test/**/*.test.ts',
  ],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/infra/test/helpers/strip-types.mjs' },
  globalSetup: '<rootDir>/infra/test/helpers/global-setup.ts',
  globalTeardown: '<rootDir>/infra/test/helpers/global-teardown.ts',
  // Tests start processes: more workers than cores take as long, and waits run out.
  maxWorkers: availableParallelism(),
  testTimeout: 30_000,
  // So that .ci/run can tell it from a failure of the checks before.
  testFailureExitCode: 9,
};
