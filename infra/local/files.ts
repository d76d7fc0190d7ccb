import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hasCode } from './json.ts';

/** Readers see the old text or the new, never half of one. */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  const beside = `${path}.${String(process.pid)}.tmp`;
  rmSync(beside, { force: true });
  writeFileSync(beside, text, { mode });
  renameSync(beside, path);
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
