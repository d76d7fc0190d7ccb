/**
 * `npm test [workspace] [-- jest arguments]`: types, lint, and what a release must not break, side by side;
 * then the tests. A failure ends it before the tests.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasStrings, isRecord, parseJson } from './json.ts';
import { root } from './topology/paths.ts';

interface Step {
  name: string;
  command: string;
}

const [first, ...others] = process.argv.slice(2);
const workspace =
  first !== undefined && /^[\w-]+(\/[\w-]+)?$/.test(first) && existsSync(join(root, first, 'package.json'))
    ? first
    : undefined;
const jestArguments = workspace === undefined ? process.argv.slice(2) : others;

// Ctrl-C reaches the running step; this process exits with its code.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const color = process.stdout.isTTY ? '1' : '0';
const checks: Step[] = [
  { name: 'types', command: `tsc -p ${workspace ?? 'tsconfig.json'}` },
  { name: 'lint', command: workspace === undefined ? lintScript() : `eslint ${workspace}` },
  // For every team: a contract or a migration of one service breaks others, whose tests would only say how.
  { name: 'contracts', command: script('infra/test/contracts/check.ts') },
  { name: 'migrations', command: script('infra/test/lint/check-migrations.ts') },
];
console.log(`· ${checks.map(({ name }) => name).join(', ')}`);
const failure = (await Promise.all(checks.map(runQuietly))).find((code) => code !== 0);
if (failure !== undefined) process.exit(failure);

console.log('· tests');
process.exit(await runJest());

function lintScript(): string {
  const manifest = parseJson(readFileSync(join(root, 'package.json'), 'utf8'));
  if (!isRecord(manifest) || !hasStrings(manifest['scripts'], ['lint']))
    throw new Error('package.json has no lint script');
  return manifest['scripts'].lint;
}

function script(file: string): string {
  return `"${process.execPath}" --disable-warning=ExperimentalWarning ${file}`;
}

/** Prints the output of a step only when it fails, since the steps run at once. */
function runQuietly({ name, command }: Step): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, {
      cwd: root,
      shell: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: color },
    });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    child.on('close', (code) => {
      if (code !== 0) console.error(`${Buffer.concat(output).toString()}\n✗ ${name}: ${command}`);
      resolve(code ?? 1);
    });
  });
}

function runJest(): Promise<number> {
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const scope = workspace === undefined ? [] : ['--passWithNoTests', '--roots', join(root, workspace)];
  const args = [...scope, '--config', join(root, 'infra/test/helpers/jest.config.mjs'), ...jestArguments];
  return runNode(['--experimental-vm-modules', jest, ...args]);
}

function runNode(args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      cwd: root,
      stdio: 'inherit',
    });
    child.on('close', (code) => {
      resolve(code ?? 1);
    });
  });
}
