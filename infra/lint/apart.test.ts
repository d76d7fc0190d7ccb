import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { folderOf, programNames } from '../local/names.ts';
import { root } from '../local/paths.ts';

// Any team's folder may be taken away. Proven with more than that: each type-checks where all the others are gone, and
// what is shared where there is no team at all.

const common = ['shared', 'infra'];
let folder: string;

beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'switchboard-apart-')); });
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The repository with these parts only, workspace links and all; npm's packages are the repository's own. */
async function copyOf(parts: readonly string[]): Promise<string> {
  const copy = join(folder, parts.join('+'));
  if (existsSync(copy)) return copy;
  await mkdir(join(copy, 'node_modules/@switchboard'), { recursive: true });
  for (const part of parts) {
    await cp(join(root, part), join(copy, part), { recursive: true, filter: (path) => basename(path) !== 'node_modules' });
    await symlink(join(copy, part), join(copy, 'node_modules/@switchboard', part));
    const own = join(root, part, 'node_modules');
    if (existsSync(own)) await symlink(own, join(copy, part, 'node_modules'));
  }
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (name !== '@switchboard') await symlink(join(root, 'node_modules', name), join(copy, 'node_modules', name));
  }
  await cp(join(root, 'tsconfig.json'), join(copy, 'tsconfig.json'));
  return copy;
}

/** What the compiler complains of. */
async function complaints(copy: string, project: string): Promise<string> {
  const child = spawn(process.execPath, [join(root, 'node_modules/@typescript/native/bin/tsc'), '-p', project], { cwd: copy, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) output += String(chunk);
  return output;
}

// One compiler at a time: it uses every core by itself, and other tests want theirs.
it.each(programNames)('%s type-checks alone', async (part) => {
  const own = folderOf(part);
  expect(await complaints(await copyOf(own.startsWith('infra/') ? common : [...common, own]), own)).toBe('');
}, 120_000);

it('what is shared type-checks by itself', async () => {
  // The root's tsconfig takes in every folder that is there.
  expect(await complaints(await copyOf(common), '.')).toBe('');
}, 120_000);
