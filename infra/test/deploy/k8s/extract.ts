import { unzipSync } from 'fflate';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Extracts a program from a zip archive to `target`, once. Returns undefined without an archive. */
export function extractProgram(archive: string, member: string, target: string): string | undefined {
  if (existsSync(target)) return target;
  if (!existsSync(archive)) return undefined;
  const program = unzipSync(readFileSync(archive), { filter: ({ name }) => name === member })[member];
  if (program === undefined) throw new Error(`${archive} has no ${member}`);
  mkdirSync(dirname(target), { recursive: true });
  // A rename within one folder is atomic: no process runs half a program.
  const partial = `${target}.${String(process.pid)}`;
  writeFileSync(partial, program, { mode: 0o755 });
  renameSync(partial, target);
  return target;
}
