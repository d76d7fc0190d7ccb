import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createGuard } from '../local/guard.ts';
import { isProgram, programOnPath } from '../local/on-path.ts';
import { identify } from '../local/process-identity.ts';
import { freePort } from '../testing/ports.ts';
import { waitFor } from '../testing/wait-for.ts';

const configuration = fileURLToPath(new URL('./haproxy.cfg', import.meta.url));
const DEBIAN = '/usr/sbin/haproxy';

export const haproxyProgram = programOnPath('haproxy') ?? (isProgram(DEBIAN) ? DEBIAN : undefined);

export interface Proxy {
  readonly url: string;
  stop(): Promise<void>;
}

/** HAProxy with the configuration of docker-compose.yml, before these gateways. Resolves when it lets somebody through. */
export async function startProxy([first, second]: readonly [string, string]): Promise<Proxy> {
  if (haproxyProgram === undefined) throw new Error('there is no haproxy on this machine');
  const [port, healthPort] = [await freePort(), await freePort()];
  const child = spawn(haproxyProgram, ['-W', '-db', '-f', configuration], {
    stdio: 'ignore',
    detached: true,
    env: { PROXY_LISTEN: `127.0.0.1:${String(port)}`, PROXY_HEALTH: `127.0.0.1:${String(healthPort)}`, GATEWAY_1: hostOf(first), GATEWAY_2: hostOf(second) },
  });
  const guard = createGuard();
  if (child.pid !== undefined) guard.watch({ ...identify(child.pid), name: 'haproxy', stage: 0, stopSignal: 'SIGTERM' });
  const url = `http://127.0.0.1:${String(port)}`;
  const stop = async (): Promise<void> => {
    const gone = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGTERM')) await gone;
    if (child.pid !== undefined) guard.forget(child.pid);
  };
  try {
    await waitFor(async () => {
      if (child.exitCode !== null) throw new Error('it has ended');
      return (await fetch(`http://127.0.0.1:${String(healthPort)}/`)).ok && (await fetch(`${url}/readyz`)).ok;
    }, { what: 'HAProxy', timeoutMs: 10_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

const hostOf = (url: string): string => new URL(url).host;
