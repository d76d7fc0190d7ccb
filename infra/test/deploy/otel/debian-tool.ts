import { execFile } from 'node:child_process';
import { cachedFile, canFetchPackages, fetchDebianPackage } from '../../../dev/processes/debian-package.ts';
import { isRecord } from '../../../dev/json.ts';
import { isProgram, programOnPath } from '../../../dev/processes/on-path.ts';

export type Found = { readonly file: string } | { readonly missing: string };

/**
 * Looks for a program on the PATH and in the cache, else downloads Debian's package. Returns the file, or why
 * it is missing.
 */
async function find(program: string, debianPackage: string): Promise<Found> {
  const onPath = programOnPath(program);
  if (onPath !== undefined) return { file: onPath };
  const member = `usr/bin/${program}`;
  const cached = cachedFile(debianPackage, member);
  if (isProgram(cached)) return { file: cached };
  if (!(await canFetchPackages()))
    return { missing: `${program} is not on the PATH, and apt is not available` };
  try {
    await fetchDebianPackage(debianPackage, member, cached);
    return { file: cached };
  } catch {
    return { missing: `${program} is not on the PATH, and downloading Debian's package failed` };
  }
}

export const findPromtool = (): Promise<Found> => find('promtool', 'prometheus');
export const findAmtool = (): Promise<Found> => find('amtool', 'prometheus-alertmanager');

/** The findings of such a tool; empty when there are none. */
export const complaintsOf = (file: string, args: readonly string[], folder: string): Promise<string> =>
  new Promise((resolve) => {
    execFile(file, args, { cwd: folder }, (error, stdout, stderr) => {
      resolve(error === null ? '' : `${stdout}${stderr}` || reasonOf(error));
    });
  });

const reasonOf = (error: unknown): string => (isRecord(error) ? String(error['message']) : 'unknown reason');
