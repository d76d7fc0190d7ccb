import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hasCode } from './json.ts';

/** Replaces a file atomically. */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  const temporary = `${path}.${String(process.pid)}.tmp`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, text, { mode });
  renameSync(temporary, path);
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
