import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/node_modules/', '.data/', 'coverage/', 'infra/test/contracts/package/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      eqeqeq: 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      // The formatter owns the layout of code; comments are wrapped by hand, and strings may be longer.
      'max-len': [
        'error',
        {
          code: 110,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
          ignoreRegExpLiterals: true,
          ignoreUrls: true,
        },
      ],
      // Grafana 13 reads the first form of dashboards; the SDK's second is not stable.
      '@typescript-eslint/no-deprecated': [
        'error',
        {
          allow: [{ from: 'package', name: 'DashboardBuilder', package: '@grafana/grafana-foundation-sdk' }],
        },
      ],
      'no-console': 'error',
    },
  },
  {
    // Entities are declared as literals, the way TypeORM documents it; command lines speak on the console.
    files: [
      '**/store/entities.ts',
      'shared/src/log/chat-log.ts',
      'shared/src/chat-projection/entities.ts',
      'shared/src/amqp/relay-entities.ts',
    ],
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  { files: ['infra/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/test/**/*.ts', '**/*.test.ts'],
    rules: {
      'max-lines': 'off',
      // supertest and parsed JSON in assertions are data of unknown form; what they hold is what the
      // assertion says.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
