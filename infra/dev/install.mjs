import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Installs what package-lock.json names. Resolves to an error sentence, or to undefined on success. */
export async function install(root, { forTests }) {
  if (isUpToDate(root, forTests)) return undefined;
  const release = await acquireLock(root);
  try {
    // The previous holder of the lock may have installed everything.
    if (isUpToDate(root, forTests)) return undefined;
    const reason = existsSync(join(root, 'node_modules'))
      ? 'node_modules does not match package-lock.json'
      : 'first run';
    console.log(`Installing dependencies (${reason})…`);
    if ((await npm(root, ['ci'])) === 0) return undefined;
    // npm ci refuses a lockfile without the packages of another platform; npm install accepts it.
    console.log('npm ci failed, trying npm install…');
    if ((await npm(root, ['install', '--no-save'])) === 0) return undefined;
    return 'Installing the dependencies failed. Fix the npm error above and run the command again.';
  } finally {
    release();
  }
}

/**
 * npm writes node_modules/.package-lock.json last, so it lists only complete installations. Optional packages
 * may belong to other platforms; a production start needs no dev packages.
 */
function isUpToDate(root, forTests) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, 'node_modules/.package-lock.json'));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, { version, optional, dev, peer, extraneous }]) => {
    if (!path.startsWith('node_modules/') || optional || peer || extraneous || (dev && !forTests))
      return true;
    return installed[path] !== undefined && installed[path].version === version;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function npm(root, command) {
  // `npm start -w chat-service` sets variables that would limit the installation to that workspace.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_config_(workspace|workspaces|local_prefix)$/i.test(name),
  );
  const [file, ...first] = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  const args = [
    ...first,
    ...command,
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    // Warnings about other versions of Node are none of the user's: the start brings its own.
    '--loglevel=error',
  ];
  const child = spawn(file, args, {
    cwd: root,
    env: Object.fromEntries(inherited),
    stdio: 'inherit',
    shell: process.platform === 'win32' && file === 'npm',
  });
  return new Promise((resolve) => {
    const started = Date.now();
    const ticker = setInterval(
      () => console.log(`  still installing, ${Math.round((Date.now() - started) / 1000)} s…`),
      10_000,
    );
    child.on('error', (error) => resolve(error.message));
    child.on('close', resolve);
    child.on('close', () => clearInterval(ticker));
  });
}

/** Only one installation at a time: concurrent ones would delete each other's files. */
async function acquireLock(root) {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const lock = join(tmpdir(), `switchboard-install-${name}.lock`);
  for (let announced = false; ; announced = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!holderLives(lock)) rmSync(lock, { force: true });
    else if (!announced) console.log('Waiting for another installation in this folder…');
    await sleep(250);
  }
}

function holderLives(lock) {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')) || process.pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
