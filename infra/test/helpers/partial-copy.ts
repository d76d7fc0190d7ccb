import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { root } from '../../dev/topology/paths.ts';

/**
 * Copies some folders of the repository, with their workspace links; the copy shares the npm packages.
 * `leaveOut`: names of files and folders that stay behind.
 */
export async function copyParts(
  copy: string,
  parts: readonly string[],
  leaveOut: readonly string[] = [],
): Promise<void> {
  await mkdir(join(copy, 'node_modules/@switchboard'), { recursive: true });
  for (const part of parts) {
    await cp(join(root, part), join(copy, part), {
      recursive: true,
      filter: (path) => !['node_modules', ...leaveOut].includes(basename(path)),
    });
    await symlink(join(copy, part), join(copy, 'node_modules/@switchboard', part));
    const own = join(root, part, 'node_modules');
    if (existsSync(own)) await symlink(own, join(copy, part, 'node_modules'));
  }
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (name !== '@switchboard')
      await symlink(join(root, 'node_modules', name), join(copy, 'node_modules', name));
  }
  await cp(join(root, 'tsconfig.json'), join(copy, 'tsconfig.json'));
}

/** What the compiler reports for a project of a copy. */
export async function typeErrors(
  copy: string,
  project: string,
  options: readonly string[] = [],
): Promise<string> {
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
  const child = spawn(process.execPath, [tsc, '-p', project, ...options], {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) output += String(chunk);
  return output;
}
