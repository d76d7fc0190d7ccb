/**
 * `npm run contracts:check`: fails when the contracts break users of the last release, and names each break.
 */
import { breaksSinceRelease, readReleased, version } from './files.ts';

const breaks = breaksSinceRelease();
const since = `${version()}, beside ${readReleased().version}`;
if (breaks.length === 0) {
  console.log(`contracts ${since}: nothing breaks`);
} else {
  console.error(
    `contracts ${since}: these changes break users of the last release\n${breaks.map((line) => `  ✗ ${line}`).join('\n')}\nAdd a version beside the old one instead (shared/src/contracts).`,
  );
  process.exitCode = 1;
}
