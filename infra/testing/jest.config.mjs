/** One configuration for every workspace: TypeScript is stripped by swc, modules stay ES modules as they are at run time. */
export default {
  rootDir: '../..',
  testMatch: ['<rootDir>/*/test/**/*.test.ts', '<rootDir>/infra/*/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }],
  },
  globalSetup: '<rootDir>/infra/testing/global-setup.ts',
  globalTeardown: '<rootDir>/infra/testing/global-teardown.ts',
  testTimeout: 30_000,
};
