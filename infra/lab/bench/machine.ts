import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { z } from 'zod';
import { root } from '../../dev/topology/paths.ts';

/** Date, commit and machine of a measurement. */
export const Setting = z.object({ on: z.string(), commit: z.string(), machine: z.string() });
export type Setting = z.output<typeof Setting>;

export const settingNow = (): Setting => ({
  on: new Date().toISOString().slice(0, 10),
  commit: commit(),
  machine: `${String(cpus().length)} cores (${cpus()[0]?.model ?? 'unknown'}), ${String(Math.round(totalmem() / 2 ** 30))} GiB, Linux ${release().split('-')[0] ?? ''}, Node ${process.version}`,
});

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    const isClean = git('status', '--porcelain', '--', '.', ':!infra/lab/bench/results') === '';
    return `${git('rev-parse', '--short', 'HEAD')}${isClean ? '' : ' and changes'}`;
  } catch {
    return 'unknown';
  }
}
