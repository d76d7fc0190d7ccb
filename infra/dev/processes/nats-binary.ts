import { LaunchError } from './command.ts';
import { cachedFile, canFetchPackages, fetchDebianPackage } from './debian-package.ts';
import { isRecord } from '../json.ts';
import { isProgram, programOnPath } from './on-path.ts';

const member = 'usr/sbin/nats-server';

/** Looks in NATS_SERVER, the PATH and the cache; else downloads Debian's package into the cache. */
export async function findNatsServer(say: (line: string) => void): Promise<string> {
  const named = process.env['NATS_SERVER'];
  if (named) {
    if (!isProgram(named)) throw new LaunchError(`NATS_SERVER is ${named}, which is not an executable file.`);
    return named;
  }
  const onPath = programOnPath('nats-server');
  if (onPath !== undefined) return onPath;

  const cached = cachedFile('nats-server', member);
  if (isProgram(cached)) return cached;
  if (!(await canFetchPackages())) throw new LaunchError(`nats-server is not on the PATH. ${advice}`);
  say("nats-server is not on the PATH: downloading Debian's package into a cache folder…");
  try {
    await fetchDebianPackage('nats-server', member, cached);
  } catch (error) {
    throw new LaunchError(`Downloading Debian's nats-server failed: ${reasonOf(error)}. ${advice}`);
  }
  return cached;
}

const advice =
  'Install it (https://nats.io/download, "brew install nats-server", "apt-get install nats-server"), put it on the ' +
  'PATH or name it in NATS_SERVER; or set NATS_URL to use a running server.';

function reasonOf(error: unknown): string {
  const text = isRecord(error) && typeof error['stderr'] === 'string' ? error['stderr'] : String(error);
  return text.trim().split('\n').at(-1) ?? 'unknown reason';
}
