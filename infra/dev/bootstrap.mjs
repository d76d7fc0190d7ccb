/**
 * Entry point of the npm scripts: `bootstrap.mjs start|test|token …`. Plain JavaScript for Node 20 and later,
 * since it runs before the installation. It updates node_modules, then starts the pinned Node.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from './install.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const [command = '', ...args] = process.argv.slice(2);

if (!['start', 'test', 'token'].includes(command))
  fail('usage: node infra/dev/bootstrap.mjs start|test|token [options]');
const problem = await install(root, { forTests: command === 'test' });
if (problem) fail(problem);
runWith(pinnedNode() ?? fail(noNode()));

/** The Node of the lockfile, or else this one if it can run TypeScript without a build. */
function pinnedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const pinned = join(
    root,
    `node_modules/node-${platform}-${process.arch}/bin`,
    platform === 'win' ? 'node.exe' : 'node',
  );
  // An installed binary may fail to run, for example on a Linux without glibc.
  if (existsSync(pinned) && spawnSync(pinned, ['--version']).status === 0) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18) ? process.execPath : undefined;
}

function noNode() {
  return (
    `There is no packaged Node for ${process.platform}-${process.arch}, and Node ${process.versions.node} cannot run TypeScript. ` +
    'Install Node 24 (https://nodejs.org) and run the command again.'
  );
}

function runWith(node) {
  const flags = ['--disable-warning=ExperimentalWarning'];
  const child = spawn(node, [...flags, join(root, 'infra/dev', `${command}.ts`), ...args], {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: [join(root, 'node_modules/.bin'), process.env.PATH].filter(Boolean).join(delimiter),
      SWITCHBOARD_PARENT: String(process.pid),
    },
  });
  // This process exits after the child, so that a caller that waits for it waits for the whole shutdown.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  endWithNpm(child);
  child.on('error', (error) => fail(`Starting ${node} failed: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/** Stops the child when npm was killed: a SIGKILL is not forwarded, only the parent process changes. */
function endWithNpm(child) {
  if (!process.env.npm_lifecycle_event) return;
  const before = ancestry();
  setInterval(() => {
    if (ancestry() !== before) child.kill('SIGTERM');
  }, 1_000).unref();
}

/**
 * The parents up to npm, usually with a shell in between. Not further: the process that started npm may exit
 * (`nohup npm start &`).
 */
function ancestry() {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'latin1');
    const [, name, parent] = /^\d+ \((.*)\) \S+ (\d+)/s.exec(stat);
    return /^(ba|da|z)?sh$/.test(name) ? `${process.ppid} of ${parent}` : `${process.ppid}`;
  } catch {
    return `${process.ppid}`;
  }
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
