const exact = /^(\d+)\.(\d+)\.(\d+)(-[\w.-]+)?(\+[\w.-]+)?$/;

/** One version and no other: no range, no tag, no address. */
export const isExact = (version: string): boolean => exact.test(version);

/**
 * A prerelease counts as lower than any release of its number, and what is no version at all as lower than
 * everything.
 */
export function isBelow(version: string, lowest: string): boolean {
  const [ours, theirs] = [partsOf(version), partsOf(lowest)];
  const different = theirs.findIndex((part, index) => part !== ours[index]);
  return different !== -1 && (ours[different] ?? -1) < (theirs[different] ?? -1);
}

function partsOf(version: string): number[] {
  const [, major, minor, patch, prerelease] = exact.exec(version) ?? [];
  return major === undefined
    ? []
    : [Number(major), Number(minor), Number(patch), prerelease === undefined ? 1 : 0];
}
