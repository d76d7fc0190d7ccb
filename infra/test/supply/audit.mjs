/**
 * `audit.mjs [timeout in ms]`: requests advisories on production dependencies from the registry. Exits with 1
 * if any is high or critical. If the registry sends no report, prints why and exits with 0.
 * Plain JavaScript for Node 20 or later, based on the lockfile alone: it runs before the installation.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readReport } from './report.mjs';

const [wait = '30000'] = process.argv.slice(2);
const { serious, leftOut } = requestReport(Number(wait));

if (leftOut) console.log(`npm audit was left out: ${leftOut}.`);
else if (serious.length === 0) console.log('npm audit: nothing high or critical in production.');
else {
  console.error(['npm audit: high or critical, in production:', ...serious].join('\n  '));
  process.exit(1);
}

function requestReport(milliseconds) {
  // When offline, npm reports no advisories without a request.
  const args = ['audit', '--json', '--omit=dev', '--offline=false'];
  const { stdout, error } = spawnSync('npm', args, {
    cwd: fileURLToPath(new URL('../../../', import.meta.url)),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: milliseconds,
    killSignal: 'SIGKILL',
  });
  if (error?.code === 'ETIMEDOUT')
    return { serious: [], leftOut: `there was no answer within ${milliseconds / 1000} s` };
  if (error) return { serious: [], leftOut: `npm did not run (${error.message})` };
  return readReport(stdout);
}
