import { statSync } from 'node:fs';
import { join } from 'node:path';

const kept = [
  'secrets.json',
  'ports.json',
  'processes.json',
  'launcher.lock',
  'signing.json',
  'files',
  'logs',
];

/**
 * Names a file of the data folder that belongs to another user; undefined when there is none. A start would
 * replace the file, and its owner could then no longer read it.
 */
export function foreignOwner(folder: string): string | undefined {
  const own = process.getuid?.();
  if (own === undefined) return undefined;
  // Postgres refuses to run as root: a start as root runs it as the user `nobody`.
  const owners = [...kept.map((name) => [name, own] as const), ['postgres', serverUser() ?? own] as const];
  for (const [name, expected] of owners) {
    const path = join(folder, name);
    const uid = ownerOf(path);
    if (uid !== undefined && uid !== expected)
      return `${path} belongs to another user (uid ${String(uid)}). Start as the user who made the folder, or choose another DATA_DIR`;
  }
  return undefined;
}

/** Undefined also in a folder that this user may not read: `folderProblem` reports that. */
function ownerOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.uid;
  } catch {
    return undefined;
  }
}

const nobody = 65534;

/** The user that runs Postgres. */
export const serverUser = (): number | undefined => (process.getuid?.() === 0 ? nobody : process.getuid?.());
