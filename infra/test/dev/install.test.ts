import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../dev/topology/paths.ts';

// The real npm on a repository whose one dependency lies beside it: nothing is downloaded.

const run = promisify(execFile);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-install-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const write = (name: string, value: object): void => {
  writeFileSync(join(folder, name), JSON.stringify(value));
};

async function install(): Promise<string> {
  const script = `
    import { install } from ${JSON.stringify(join(root, 'infra/dev/install.mjs'))};
    console.log('problem:', await install(${JSON.stringify(folder)}, { forTests: false }));`;
  const { PATH = '', HOME = '' } = process.env;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH, HOME, TMPDIR: folder },
  });
  return stdout + stderr;
}

it('prints no warnings about versions of Node, and the errors of npm', async () => {
  mkdirSync(join(folder, 'dependency'));
  write('dependency/package.json', { name: 'dependency', version: '1.0.0', engines: { node: '0.1' } });
  write('package.json', { name: 'whole', dependencies: { dependency: 'file:dependency' } });
  const lock = ['install', '--package-lock-only', '--offline', '--no-audit'];
  await run('npm', lock, { cwd: folder });
  const quiet = await install();
  expect(quiet).toContain('problem: undefined');
  expect(quiet).not.toMatch(/warn|EBADENGINE/i);

  write('package.json', { name: 'whole', dependencies: { dependency: 'file:elsewhere.tgz' } });
  rmSync(join(folder, 'node_modules'), { recursive: true });
  const failed = await install();
  expect(failed).toContain('problem: Installing the dependencies failed');
  expect(failed).toMatch(/npm error .*elsewhere\.tgz/);
}, 60_000);
