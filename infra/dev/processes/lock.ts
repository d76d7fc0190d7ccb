import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from './command.ts';
import { readIfThere } from '../files.ts';
import { hasCode, isRecord, parseJson } from '../json.ts';
import { identify, isAlive, type ProcessId } from './process-identity.ts';

/**
 * Locks a data folder for one launcher: two would run two Postgres on the same files. Returns the unlock
 * function.
 */
export function lock(folder: string): () => void {
  const path = join(folder, 'launcher.lock');
  const own = `${path}.${String(process.pid)}`;
  writeFileSync(own, JSON.stringify(identify(process.pid)));
  try {
    // Linking is atomic, so no process reads a lock without its holder's pid.
    while (!tryLink(own, path)) {
      const holder = holderOf(path);
      if (holder !== undefined && isAlive(holder)) {
        throw new LaunchError(
          `Another npm start (pid ${String(holder.pid)}) uses ${folder}. Stop it, or choose another folder with DATA_DIR.`,
        );
      }
      takeAway(path, own);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    rmSync(path, { force: true });
  };
}

/**
 * Removes a dead lock. If another launcher was faster, the moved lock may be that launcher's: then puts it
 * back.
 */
function takeAway(path: string, own: string): void {
  const aside = `${own}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = holderOf(aside);
  if (moved !== undefined && isAlive(moved)) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function holderOf(path: string): ProcessId | undefined {
  const value = parseJson(readIfThere(path) ?? '');
  if (!isRecord(value) || typeof value['pid'] !== 'number') return undefined;
  return { pid: value['pid'], started: typeof value['started'] === 'string' ? value['started'] : null };
}
