import { execFile } from 'node:child_process';
import { cachedFile, canFetchPackages, fetchDebianPackage } from '../local/debian-package.ts';
import { isRecord } from '../local/json.ts';
import { isProgram, programOnPath } from '../local/on-path.ts';

const MEMBER = 'usr/bin/promtool';

export type Found = { readonly file: string } | { readonly missing: string };

/** The PATH, else the cache, else Debian's package into the cache; or why there is none. */
export async function findPromtool(): Promise<Found> {
  const onPath = programOnPath('promtool');
  if (onPath !== undefined) return { file: onPath };
  const cached = cachedFile('prometheus', MEMBER);
  if (isProgram(cached)) return { file: cached };
  if (!(await canFetchPackages())) return { missing: 'promtool is not on the PATH, and there is no apt here' };
  try {
    await fetchDebianPackage('prometheus', MEMBER, cached);
    return { file: cached };
  } catch {
    return { missing: 'promtool is not on the PATH, and Debian\'s package could not be fetched' };
  }
}

/** What promtool complains of; nothing when it is content. */
export const complaintsOf = (file: string, args: readonly string[], folder: string): Promise<string> =>
  new Promise((resolve) => {
    execFile(file, args, { cwd: folder }, (error, stdout, stderr) => {
      resolve(error === null ? '' : `${stdout}${stderr}` || reasonOf(error));
    });
  });

const reasonOf = (error: unknown): string => (isRecord(error) ? String(error['message']) : 'unknown reason');
