import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { LaunchError } from './command.ts';
import { fetchDebianPackage } from './debian-package.ts';
import { isRecord } from './json.ts';

const run = promisify(execFile);

/** NATS_SERVER, else the PATH, else the cache, else Debian's package into the cache. */
export async function findNatsServer(say: (line: string) => void): Promise<string> {
  const named = process.env['NATS_SERVER'];
  if (named) {
    if (!isProgram(named)) throw new LaunchError(`NATS_SERVER names ${named}, which is no program.`);
    return named;
  }
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, process.platform === 'win32' ? 'nats-server.exe' : 'nats-server'))
    .find(isProgram);
  if (onPath !== undefined) return onPath;

  const cached = join(cacheFolder(), `nats-server-debian-${process.arch}`, 'nats-server');
  if (isProgram(cached)) return cached;
  if (!(await hasApt())) throw new LaunchError(`nats-server is not on the PATH. ${advice}`);
  say('nats-server is not on the PATH: fetching Debian\'s package into a cache folder…');
  try {
    await fetchDebianPackage('nats-server', 'usr/sbin/nats-server', cached);
  } catch (error) {
    throw new LaunchError(`Debian's nats-server could not be fetched: ${reasonOf(error)}. ${advice}`);
  }
  return cached;
}

const advice =
  'Install it (https://nats.io/download, "brew install nats-server", "apt-get install nats-server"), put it on the ' +
  'PATH or name it in NATS_SERVER; or set NATS_URL to use a server that runs already.';

function cacheFolder(): string {
  const given = process.env['XDG_CACHE_HOME'] ?? '';
  return join(given === '' ? join(homedir(), '.cache') : given, 'switchboard');
}

async function hasApt(): Promise<boolean> {
  return run('apt-get', ['--version']).then(
    () => existsSync('/usr/bin/dpkg-deb'),
    () => false,
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function reasonOf(error: unknown): string {
  const text = isRecord(error) && typeof error['stderr'] === 'string' ? error['stderr'] : String(error);
  return text.trim().split('\n').at(-1) ?? 'unknown reason';
}
