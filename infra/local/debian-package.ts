import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const canFetchPackages = async (): Promise<boolean> =>
  run('apt-get', ['--version']).then(() => existsSync('/usr/bin/dpkg-deb'), () => false);

/** Where a file of a Debian package is kept once it was fetched. */
export function cachedFile(name: string, member: string): string {
  const given = process.env['XDG_CACHE_HOME'] ?? '';
  const cache = join(given === '' ? join(homedir(), '.cache') : given, 'switchboard');
  return join(cache, `${name}-debian-${process.arch}`, basename(member));
}

/** Takes one file out of a Debian package. Needs no root and leaves the system, apt's lists included, as it was. */
export async function fetchDebianPackage(name: string, member: string, target: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'switchboard-apt-'));
  try {
    await download(name, work);
    const archive = (await readdir(work)).find((entry) => entry.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get fetched no package ${name}`);
    await run('dpkg-deb', ['-x', join(work, archive), join(work, 'tree')]);
    await mkdir(dirname(target), { recursive: true });
    // Copied beside the target first: a rename within one folder is atomic, so nobody ever runs half a program.
    const beside = `${target}.${String(process.pid)}`;
    await cp(join(work, 'tree', member), beside);
    await rename(beside, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Asks with the lists the system has; where there are none (a slim image) or stale ones, with lists of our own. */
async function download(name: string, folder: string): Promise<void> {
  // As root apt would drop to a user that may not write into our folder.
  const always = ['-q', '-o', 'APT::Sandbox::User=', '-o', `Dir::Cache=${folder}/cache`];
  await mkdir(join(folder, 'cache/archives/partial'), { recursive: true });
  try {
    await run('apt-get', [...always, 'download', name], { cwd: folder });
    return;
  } catch {
    await mkdir(join(folder, 'lists/partial'), { recursive: true });
  }
  const own = [...always, '-o', `Dir::State::Lists=${folder}/lists`, '-o', 'Acquire::Languages=none'];
  // A source that cannot be reached must not fail the others: download says whether the package was found.
  await run('apt-get', [...own, 'update'], { cwd: folder }).catch(() => undefined);
  await run('apt-get', [...own, 'download', name], { cwd: folder });
}
