const short = 3_000;
const long = 10_000;
const first = 250;
const longest = 10_000;

/**
 * How long to wait before a program is started again, from how long its earlier lives lasted, latest last. At once,
 * unless it keeps dying soon after it started: then longer each time, until one life has lasted.
 */
export function restartDelayMs(livesMs: readonly number[]): number {
  const latest = livesMs.at(-1) ?? long;
  if (latest >= short) return 0;
  const failures = livesMs.slice(livesMs.findLastIndex((life) => life >= long) + 1).filter((life) => life < short).length;
  return failures <= 1 ? 0 : Math.min(longest, first * 2 ** (failures - 2));
}
