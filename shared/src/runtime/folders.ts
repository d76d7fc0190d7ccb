import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Why this process cannot create the folder or write in it; undefined when it can. Changes nothing: judges by
 * the nearest existing parent.
 */
export function folderProblem(path: string): string | undefined {
  for (let place = resolve(path); ; place = dirname(place)) {
    try {
      if (!statSync(place).isDirectory()) return `${place} is not a folder`;
      accessSync(place, constants.W_OK | constants.X_OK);
      return undefined;
    } catch (error) {
      const code = codeOf(error);
      const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
      if (!isMissing || place === dirname(place))
        return `${place} ${sentences[code] ?? `fails with ${code}`}`;
    }
  }
}

const sentences: Readonly<Record<string, string>> = {
  EACCES: 'does not permit this user to write (EACCES)',
  EROFS: 'is on a read-only file system (EROFS)',
  ENAMETOOLONG: 'is too long a name (ENAMETOOLONG)',
};

const codeOf = (error: unknown): string =>
  Error.isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : String(error);

/**
 * Creates the folder and its missing parents. Node's own `recursive` never returns where the system refuses
 * with ENOENT, as in /proc.
 */
export function makeFolder(path: string, mode?: number): void {
  const missing: string[] = [];
  for (
    let place = resolve(path);
    statSync(place, { throwIfNoEntry: false }) === undefined;
    place = dirname(place)
  )
    missing.unshift(place);
  for (const place of missing) {
    try {
      mkdirSync(place, { mode });
    } catch (error) {
      // Another process was faster.
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}
