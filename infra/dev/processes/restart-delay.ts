const short = 3_000;
const long = 10_000;
const first = 250;
const longest = 10_000;

/**
 * The delay before restarting a program, from the durations of its earlier runs, latest last. It is 0, unless
 * the program keeps dying soon after its start: then exponential backoff, until one run has lasted.
 */
export function restartDelayMs(livesMs: readonly number[]): number {
  const latest = livesMs.at(-1) ?? long;
  if (latest >= short) return 0;
  const failures = livesMs
    .slice(livesMs.findLastIndex((life) => life >= long) + 1)
    .filter((life) => life < short).length;
  return failures <= 1 ? 0 : Math.min(longest, first * 2 ** (failures - 2));
}
