/**
 * The way in for npm scripts: `bootstrap.mjs start|test|token …`. Plain JavaScript for any Node from 20 on, since it runs
 * before anything is installed. It brings node_modules in step, then hands over to the pinned Node.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from './install.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const [command = '', ...args] = process.argv.slice(2);

if (!['start', 'test', 'token'].includes(command)) fail('usage: node infra/local/bootstrap.mjs start|test|token [options]');
const complaint = await install(root, { forTests: command === 'test' });
if (complaint) fail(complaint);
handOver(pinnedNode() ?? fail(noNode()));

/** The runtime that the lockfile names, else this one if it is new enough to run TypeScript as it stands. */
function pinnedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const pinned = join(root, `node_modules/node-${platform}-${process.arch}/bin`, platform === 'win' ? 'node.exe' : 'node');
  // It may be there and not run, as on a Linux without glibc.
  if (existsSync(pinned) && spawnSync(pinned, ['--version']).status === 0) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18) ? process.execPath : undefined;
}

function noNode() {
  return (
    `There is no packaged Node for ${process.platform}-${process.arch}, and Node ${process.versions.node} cannot run TypeScript. ` +
    'Install Node 24 (https://nodejs.org) and try again.'
  );
}

function handOver(node) {
  const flags = ['--disable-warning=ExperimentalWarning'];
  const child = spawn(node, [...flags, join(root, 'infra/local', `${command}.ts`), ...args], {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: [join(root, 'node_modules/.bin'), process.env.PATH].filter(Boolean).join(delimiter),
      SWITCHBOARD_PARENT: String(process.pid),
    },
  });
  // The child ends in order and this process after it: whoever waits for us then waits for all of it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  endWithNpm(child);
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/** When npm is killed outright it can pass nothing on: that its place above us was taken is the only sign of it. */
function endWithNpm(child) {
  if (!process.env.npm_lifecycle_event) return;
  const before = ancestry();
  setInterval(() => {
    if (ancestry() !== before) child.kill('SIGTERM');
  }, 1_000).unref();
}

/** Up to npm and no further, for whoever started npm may go (`nohup npm start &`). Mostly there is a shell in between. */
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
