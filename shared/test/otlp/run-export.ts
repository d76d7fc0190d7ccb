import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * Runs a process of `../fixtures` that exports with these variables. Resolves with its output; rejects when
 * it fails.
 */
export async function runExport(env: Readonly<Record<string, string>>, file = 'export.ts'): Promise<string> {
  const fixture = fileURLToPath(new URL(`../fixtures/${file}`, import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [fixture], {
    env: { PATH: process.env['PATH'], OTEL_TRACES_SAMPLER_ARG: '1', ...env },
    timeout: 20_000,
  });
  return stdout + stderr;
}
