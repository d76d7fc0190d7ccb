import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createGuard } from '../../../dev/processes/guard.ts';
import { isProgram, programOnPath } from '../../../dev/processes/on-path.ts';
import { identify } from '../../../dev/processes/process-identity.ts';
import { freePort } from '../../helpers/ports.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const configuration = fileURLToPath(new URL('../../../deploy/docker/haproxy.cfg', import.meta.url));
const DEBIAN = '/usr/sbin/haproxy';

export const haproxyProgram = programOnPath('haproxy') ?? (isProgram(DEBIAN) ? DEBIAN : undefined);

export interface Proxy {
  readonly url: string;
  stop(): Promise<void>;
}

export interface GatewayPorts {
  readonly url: string;
  /** Of the gateway's internal server. */
  readonly healthPort: number;
}

/**
 * Starts HAProxy with docker-compose.yml's configuration for these gateways. Resolves when it forwards
 * requests.
 */
export async function startProxy([first, second]: readonly [GatewayPorts, GatewayPorts]): Promise<Proxy> {
  if (haproxyProgram === undefined) throw new Error('haproxy is not installed');
  const [port, healthPort] = [await freePort(), await freePort()];
  const child = spawn(haproxyProgram, ['-W', '-db', '-f', configuration], {
    stdio: 'ignore',
    detached: true,
    env: {
      PROXY_LISTEN: `127.0.0.1:${String(port)}`,
      PROXY_HEALTH: `127.0.0.1:${String(healthPort)}`,
      GATEWAY_1: hostOf(first.url),
      GATEWAY_1_HEALTH: String(first.healthPort),
      GATEWAY_2: hostOf(second.url),
      GATEWAY_2_HEALTH: String(second.healthPort),
    },
  });
  const guard = createGuard();
  if (child.pid !== undefined)
    guard.watch({ ...identify(child.pid), name: 'haproxy', stage: 0, stopSignal: 'SIGTERM' });
  const url = `http://127.0.0.1:${String(port)}`;
  const stop = async (): Promise<void> => {
    const gone = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGTERM')) await gone;
    if (child.pid !== undefined) guard.forget(child.pid);
  };
  try {
    await waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error('HAProxy has exited');
        return (
          (await fetch(`http://127.0.0.1:${String(healthPort)}/`)).ok && (await fetch(`${url}/readyz`)).ok
        );
      },
      { what: 'HAProxy', timeoutMs: 10_000 },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

const hostOf = (url: string): string => new URL(url).host;
