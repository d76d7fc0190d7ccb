/**
 * `audit.mjs [milliseconds to wait]`: asks the registry for advisories on what production installs, and ends with 1 if any is
 * high or critical. Without an answer there is nothing to judge: it says so and ends with 0. Plain JavaScript for any Node
 * from 20 on and asked of the lockfile alone, since it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readReport } from './report.mjs';

const [wait = '30000'] = process.argv.slice(2);
const { serious, leftOut } = ask(Number(wait));

if (leftOut) console.log(`npm audit was left out: ${leftOut}.`);
else if (serious.length === 0) console.log('npm audit: nothing high or critical in production.');
else {
  console.error(['npm audit: high or critical, in production:', ...serious].join('\n  '));
  process.exit(1);
}

function ask(milliseconds) {
  // Offline, npm would report that all is well, without having asked.
  const args = ['audit', '--json', '--omit=dev', '--offline=false'];
  const { stdout, error } = spawnSync('npm', args, {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: milliseconds,
    killSignal: 'SIGKILL',
  });
  if (error?.code === 'ETIMEDOUT') return { serious: [], leftOut: `there was no answer within ${milliseconds / 1000} s` };
  if (error) return { serious: [], leftOut: `npm did not run (${error.message})` };
  return readReport(stdout);
}
