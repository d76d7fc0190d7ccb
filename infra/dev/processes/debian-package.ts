import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const canFetchPackages = async (): Promise<boolean> =>
  run('apt-get', ['--version']).then(
    () => existsSync('/usr/bin/dpkg-deb'),
    () => false,
  );

/** The path in the cache for a file of a Debian package. */
export function cachedFile(name: string, member: string): string {
  const given = process.env['XDG_CACHE_HOME'] ?? '';
  const cache = join(given === '' ? join(homedir(), '.cache') : given, 'switchboard');
  return join(cache, `${name}-debian-${process.arch}`, basename(member));
}

/**
 * Extracts one file from a Debian package. Needs no root; changes nothing on the system, not even apt's
 * lists.
 */
export async function fetchDebianPackage(name: string, member: string, target: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'switchboard-apt-'));
  try {
    await download(name, work);
    const archive = (await readdir(work)).find((entry) => entry.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get downloaded no package ${name}`);
    await run('dpkg-deb', ['-x', join(work, archive), join(work, 'tree')]);
    await mkdir(dirname(target), { recursive: true });
    // Copies beside the target, then renames: a rename within one folder is atomic, so no process runs half a
    // program.
    const beside = `${target}.${String(process.pid)}`;
    await cp(join(work, 'tree', member), beside);
    await rename(beside, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Downloads with the system's package lists. If they are missing (a slim image) or stale, fetches its own
 * lists.
 */
async function download(name: string, folder: string): Promise<void> {
  // As root, apt would switch to a user that cannot write to this folder.
  const always = ['-q', '-o', 'APT::Sandbox::User=', '-o', `Dir::Cache=${folder}/cache`];
  await mkdir(join(folder, 'cache/archives/partial'), { recursive: true });
  try {
    await run('apt-get', [...always, 'download', name], { cwd: folder });
    return;
  } catch {
    await mkdir(join(folder, 'lists/partial'), { recursive: true });
  }
  const own = [...always, '-o', `Dir::State::Lists=${folder}/lists`, '-o', 'Acquire::Languages=none'];
  // Ignores errors: one unreachable source must not fail the others. `download` fails if the package is
  // missing.
  await run('apt-get', [...own, 'update'], { cwd: folder }).catch(() => undefined);
  await run('apt-get', [...own, 'download', name], { cwd: folder });
}
