import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../../dev/topology/paths.ts';

// The repository keeps the rules of layers.cjs, and each rule reports an import that breaks it.

const parts = ['shared', 'gateway', 'chat-service', 'message-service', 'presence-service', 'infra'];

interface Summary {
  violations: { rule: { name: string }; from: string }[];
  totalCruised: number;
  ruleSetUsed: { forbidden: { name: string }[] };
}

async function cruise(folder: string): Promise<Summary> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const child = spawn(
    process.execPath,
    [program, '--config', 'infra/test/lint/layers.cjs', '--output-type', 'json', ...parts],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) output += String(chunk);
  const { summary }: { summary: Summary } = JSON.parse(output);
  return summary;
}

/** File → its import → the rules that it breaks. */
const offences: [file: string, imports: string, ...rules: string[]][] = [
  ['gateway/src/offence.ts', '../../chat-service/src/innocent.ts', 'gateway-imports-no-other-part'],
  [
    'chat-service/src/offence.ts',
    '../../message-service/src/innocent.ts',
    'chat-service-imports-no-other-part',
  ],
  [
    'message-service/src/offence.ts',
    '../../gateway/src/innocent.ts',
    'message-service-imports-no-other-part',
  ],
  [
    'presence-service/src/offence.ts',
    '@switchboard/infra/test',
    'presence-service-imports-no-other-part',
    'production-never-imports-tests',
  ],
  [
    'infra/webhook-service/src/offence.ts',
    '../../../chat-service/src/innocent.ts',
    'webhook-service-imports-no-other-part',
  ],
  ['infra/webhook-service/src/domain/offence.ts', '../store/innocent.ts', 'domain-imports-domain-only'],
  ['shared/src/runtime/offence.ts', '../../../gateway/src/innocent.ts', 'shared-imports-nobody'],
  [
    'infra/dev/offence.ts',
    '../../chat-service/src/innocent.ts',
    'infra-runs-services-never-imports-their-sources',
  ],
  ['gateway/src/tested.ts', '../test/innocent.ts', 'production-never-imports-tests'],

  ['infra/docs/offence.ts', '../dev/innocent.ts', 'infra-docs-imports-no-other-room'],
  ['infra/deploy/offence.ts', '../dev/innocent.ts', 'infra-deploy-imports-no-other-room'],
  ['infra/dev/tested.ts', '../test/helpers/index.ts', 'infra-dev-imports-no-other-room'],
  [
    'infra/test/offence.ts',
    '../lab/innocent.ts',
    'infra-test-imports-dev-and-deploy-and-webhook-service-test',
  ],
  ['infra/lab/offence.ts', '../deploy/innocent.ts', 'infra-lab-imports-dev-and-test'],
  [
    'infra/webhook-service/test/offence.ts',
    '../../dev/innocent.ts',
    'infra-webhook-service-imports-test-helpers',
  ],

  ['shared/src/errors.ts', './log/innocent.ts', 'errors-import-nothing'],
  ['shared/src/limits/offence.ts', '../contracts/innocent.ts', 'limits-import-errors-only'],
  ['shared/src/contracts/offence.ts', '../bus/innocent.ts', 'contracts-import-errors-only'],
  ['shared/src/contracts/active.ts', 'typeorm', 'contracts-are-data'],
  ['shared/src/bus/offence.ts', '../log/innocent.ts', 'bus-imports-telemetry-and-contracts-only'],
  ['shared/src/telemetry/offence.ts', '../bus/innocent.ts', 'telemetry-imports-contracts-and-errors-only'],
  ['shared/src/postgres/offence.ts', '../bus/innocent.ts', 'database-code-imports-no-bus'],

  ['chat-service/src/domain/offence.ts', '../store/innocent.ts', 'domain-imports-domain-only'],
  ['chat-service/src/domain/io.ts', '@switchboard/shared/bus', 'domain-does-no-io'],
  ['chat-service/src/domain/rows.ts', 'typeorm', 'handlers-know-no-transport'],
  ['presence-service/src/handlers/offence.ts', '../store/innocent.ts', 'handlers-import-domain-only'],
  ['presence-service/src/handlers/rows.ts', 'typeorm', 'handlers-know-no-transport'],
  ['shared/src/bus/telemetry.ts', '@opentelemetry/api', 'telemetry-stands-apart'],
  ['gateway/src/telemetry.ts', '@opentelemetry/api', 'telemetry-stands-apart'],
  ['message-service/src/store/offence.ts', '../handlers/innocent.ts', 'stores-import-domain-only'],
  ['message-service/src/send/offence.ts', '../handlers/innocent.ts', 'send-imports-domain-and-store-only'],
  ['message-service/src/sender.ts', './send/innocent.ts', 'only-app-uses-send'],
  ['chat-service/src/routes.ts', './store/innocent.ts', 'routes-do-not-wire'],
  ['message-service/src/builder.ts', './app.ts', 'only-app-builds'],

  ['gateway/src/egg.ts', './hen.ts', 'no-circles'],
  // A cycle is reported at its first file.
  ['gateway/src/hen.ts', './egg.ts'],
  ['gateway/src/lost.ts', './nowhere.ts', 'everything-resolves'],
];

const innocent = [
  'gateway/src',
  'gateway/test',
  'chat-service/src',
  'chat-service/src/store',
  'chat-service/src/handlers',
  'chat-service/src/domain',
  'message-service/src',
  'message-service/src/handlers',
  'message-service/src/send',
  'presence-service/src/store',
  'shared/src/bus',
  'shared/src/log',
  'shared/src/contracts',
  'infra/webhook-service/src/store',
  'infra/dev',
  'infra/lab',
  'infra/deploy',
].map((folder) => `${folder}/innocent.ts`);

let folder: string;

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchboard-layers-'));
  await write('infra/test/helpers/index.ts', 'export {};');
  for (const file of [
    'infra/test/lint/layers.cjs',
    'tsconfig.json',
    'package.json',
    ...parts.map((part) => `${part}/package.json`),
  ]) {
    await cp(join(root, file), join(folder, file));
  }
  await mkdir(join(folder, 'node_modules/@switchboard'), { recursive: true });
  for (const part of parts)
    await symlink(join(folder, part), join(folder, 'node_modules/@switchboard', part));
  for (const name of ['typeorm', '@opentelemetry/api']) {
    await write(
      `node_modules/${name}/package.json`,
      `{"name":"${name}","version":"1.0.0","main":"index.js"}`,
    );
    await write(`node_modules/${name}/index.js`, '');
  }
  await write('shared/src/bus/index.ts', 'export {};');
  await write('message-service/src/app.ts', 'export {};');
  for (const file of innocent) await write(file, 'export const innocent = 1;');
  for (const [index, [file, imports]] of offences.entries()) {
    // Type imports count, too.
    await write(
      file,
      index % 2 ? `import '${imports}';` : `import type * as it from '${imports}'; export type { it };`,
    );
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the layers', () => {
  it('are kept by the repository', async () => {
    const { violations, totalCruised } = await cruise(root);
    expect(violations).toEqual([]);
    expect(totalCruised).toBeGreaterThan(200);
  }, 60_000);

  it('have rules that report each violation and nothing else', async () => {
    const { violations, ruleSetUsed } = await cruise(folder);
    const found = violations.map(({ rule, from }) => `${from}: ${rule.name}`);
    const expected = offences.flatMap(([file, , ...rules]) => rules.map((rule) => `${file}: ${rule}`));
    expect([...new Set(found)].sort()).toEqual(expected.sort());
    // Every rule is tested.
    expect(new Set(offences.flatMap(([, , ...rules]) => rules))).toEqual(
      new Set(ruleSetUsed.forbidden.map(({ name }) => name)),
    );
  }, 60_000);
});
