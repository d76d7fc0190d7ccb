import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../local/paths.ts';

// The rules of layers.cjs: the repository keeps them, and each of them notices who does not.

const parts = ['shared', 'gateway', 'chat-service', 'message-service', 'presence-service', 'infra'];

interface Summary {
  violations: { rule: { name: string }; from: string }[];
  totalCruised: number;
  ruleSetUsed: { forbidden: { name: string }[] };
}

async function cruise(folder: string): Promise<Summary> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const child = spawn(process.execPath, [program, '--config', 'infra/lint/layers.cjs', '--output-type', 'json', ...parts], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) output += String(chunk);
  const { summary }: { summary: Summary } = JSON.parse(output);
  return summary;
}

/** File → what it imports → the rules that this breaks. */
const offences: [file: string, imports: string, ...rules: string[]][] = [
  ['gateway/src/offence.ts', '../../chat-service/src/innocent.ts', 'gateway-imports-no-other-part'],
  ['chat-service/src/offence.ts', '../../message-service/src/innocent.ts', 'chat-service-imports-no-other-part'],
  ['message-service/src/offence.ts', '../../gateway/src/innocent.ts', 'message-service-imports-no-other-part'],
  ['presence-service/src/offence.ts', '@switchboard/infra/testing', 'presence-service-imports-no-other-part', 'production-never-imports-tests'],
  ['infra/webhooks/src/offence.ts', '../../../chat-service/src/innocent.ts', 'webhooks-imports-no-other-part'],
  ['infra/webhooks/src/domain/offence.ts', '../store/innocent.ts', 'domain-imports-domain-only'],
  ['shared/src/runtime/offence.ts', '../../../gateway/src/innocent.ts', 'shared-imports-nobody'],
  ['infra/local/offence.ts', '../../chat-service/src/innocent.ts', 'infra-runs-services-never-imports-their-sources'],
  ['gateway/src/tested.ts', '../test/innocent.ts', 'production-never-imports-tests'],

  ['shared/src/errors.ts', './log/innocent.ts', 'errors-import-nothing'],
  ['shared/src/limits/offence.ts', '../contracts/innocent.ts', 'limits-import-errors-only'],
  ['shared/src/contracts/offence.ts', '../bus/innocent.ts', 'contracts-import-errors-only'],
  ['shared/src/contracts/active.ts', 'typeorm', 'contracts-are-data'],
  ['shared/src/bus/offence.ts', '../log/innocent.ts', 'bus-imports-contracts-and-errors-only'],

  ['chat-service/src/domain/offence.ts', '../store/innocent.ts', 'domain-imports-domain-only'],
  ['chat-service/src/domain/io.ts', '@switchboard/shared/bus', 'domain-does-no-io'],
  ['chat-service/src/domain/rows.ts', 'typeorm', 'handlers-know-no-transport'],
  ['presence-service/src/handlers/offence.ts', '../store/innocent.ts', 'handlers-import-domain-only'],
  ['presence-service/src/handlers/rows.ts', 'typeorm', 'handlers-know-no-transport'],
  ['shared/src/bus/telemetry.ts', '@opentelemetry/api', 'telemetry-stands-apart'],
  ['gateway/src/telemetry.ts', '@opentelemetry/api', 'telemetry-stands-apart'],
  ['message-service/src/store/offence.ts', '../handlers/innocent.ts', 'stores-import-domain-only'],
  ['chat-service/src/routes.ts', './store/innocent.ts', 'routes-do-not-wire'],
  ['message-service/src/builder.ts', './app.ts', 'only-app-builds'],

  ['gateway/src/egg.ts', './hen.ts', 'no-circles'],
  // A circle is reported where it is first entered.
  ['gateway/src/hen.ts', './egg.ts'],
  ['gateway/src/lost.ts', './nowhere.ts', 'everything-resolves'],
];

const innocent = [
  'gateway/src', 'gateway/test', 'chat-service/src', 'chat-service/src/store', 'chat-service/src/handlers', 'chat-service/src/domain', 'message-service/src',
  'message-service/src/handlers', 'presence-service/src/store', 'shared/src/bus', 'shared/src/log', 'shared/src/contracts', 'infra/webhooks/src/store',
].map((folder) => `${folder}/innocent.ts`);

let folder: string;

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchboard-layers-'));
  await write('infra/testing/index.ts', 'export {};');
  for (const file of ['infra/lint/layers.cjs', 'tsconfig.json', 'package.json', ...parts.map((part) => `${part}/package.json`)]) {
    await cp(join(root, file), join(folder, file));
  }
  await mkdir(join(folder, 'node_modules/@switchboard'), { recursive: true });
  for (const part of parts) await symlink(join(folder, part), join(folder, 'node_modules/@switchboard', part));
  for (const name of ['typeorm', '@opentelemetry/api']) {
    await write(`node_modules/${name}/package.json`, `{"name":"${name}","version":"1.0.0","main":"index.js"}`);
    await write(`node_modules/${name}/index.js`, '');
  }
  await write('shared/src/bus/index.ts', 'export {};');
  await write('message-service/src/app.ts', 'export {};');
  for (const file of innocent) await write(file, 'export const innocent = 1;');
  for (const [index, [file, imports]] of offences.entries()) {
    // Types are imports, too.
    await write(file, index % 2 ? `import '${imports}';` : `import type * as it from '${imports}'; export type { it };`);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the layers', () => {
  it('are kept by the repository', async () => {
    const { violations, totalCruised } = await cruise(root);
    expect(violations).toEqual([]);
    expect(totalCruised).toBeGreaterThan(200);
  }, 60_000);

  it('are guarded by rules that each notice an offence, and nothing else', async () => {
    const { violations, ruleSetUsed } = await cruise(folder);
    const found = violations.map(({ rule, from }) => `${from}: ${rule.name}`);
    const expected = offences.flatMap(([file, , ...rules]) => rules.map((rule) => `${file}: ${rule}`));
    expect([...new Set(found)].sort()).toEqual(expected.sort());
    // No rule is left untried.
    expect(new Set(offences.flatMap(([, , ...rules]) => rules))).toEqual(new Set(ruleSetUsed.forbidden.map(({ name }) => name)));
  }, 60_000);
});
