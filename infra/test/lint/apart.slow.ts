import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderOf, programNames } from '../../dev/topology/names.ts';
import { copyParts, typeErrors } from '../helpers/partial-copy.ts';

// Any team's folder can be removed: each type-checks without all the others, and shared without any of them.

const common = ['shared', 'infra'];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchboard-apart-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function copyOf(parts: readonly string[]): Promise<string> {
  const copy = join(folder, parts.join('+'));
  if (!existsSync(copy)) await copyParts(copy, parts);
  return copy;
}

// One compiler at a time, since it uses every core.
it.each(programNames)(
  '%s type-checks alone',
  async (part) => {
    const own = folderOf(part);
    expect(await typeErrors(await copyOf(own.startsWith('infra/') ? common : [...common, own]), own)).toBe(
      '',
    );
  },
  120_000,
);

it('shared type-checks alone', async () => {
  // The root's tsconfig includes every folder that exists.
  expect(await typeErrors(await copyOf(common), '.')).toBe('');
}, 120_000);
