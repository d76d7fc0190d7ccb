import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor, type TestSystem } from '../testing/index.ts';
import type { Load } from './load.ts';
import type { Proxy } from './proxy.ts';
import type { Random } from './random.ts';

/** What a fault can lay its hands on. */
export interface Scene {
  readonly system: TestSystem;
  readonly load: Load;
  readonly random: Random;
  /** The network, by what it lies between: `gateway.nats`, `message-service.postgres`. */
  readonly proxies: ReadonlyMap<string, Proxy>;
  readonly note: (line: string) => void;
}

export interface Fault {
  readonly name: string;
  /** Part of the selection that `npm test` runs. */
  readonly everyday?: boolean;
  readonly replicas?: string;
  /** Where a proxy is put. */
  readonly network?: readonly string[];
  /** How often a member may have had to connect, the first time included. */
  readonly maxConnections?: number;
  /** Does harm, and ends when the harm is over. Healing is the system's own affair. */
  readonly strike: (scene: Scene) => Promise<void>;
}

const between = (minMs: number, maxMs: number, random: Random): Promise<void> => sleep(minMs + random.below(maxMs - minMs));

async function kill({ system, note }: Scene, name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  note(`${signal} to ${name}`);
  await system.kill(name, signal);
}

/** Waits until every process is there and every gateway says that it can serve; notes how long it took. */
async function untilServing({ system, note }: Scene, timeoutMs: number): Promise<void> {
  const since = performance.now();
  await waitFor(async () => (await Promise.all(system.urls.map((url) => fetch(`${url}/readyz`)))).every(({ ok }) => ok), { what: 'every gateway to be ready', timeoutMs, everyMs: 50 });
  note(`serving again after ${Math.round(performance.now() - since)} ms`);
}

const killed = (name: string, times: number, everyday = false): Fault => ({
  name: `${name} killed ${times} times under load`,
  everyday,
  strike: async (scene) => {
    for (let n = 0; n < times; n++) {
      await between(300, 1_500, scene.random);
      await kill(scene, name);
      await sleep(100);
      await untilServing(scene, 15_000);
    }
  },
});

const frozen = (name: string, forMs: number, everyday = false): Fault => ({
  name: `${name} frozen for ${forMs / 1_000} s`,
  everyday,
  strike: async (scene) => {
    await kill(scene, name, 'SIGSTOP');
    await sleep(forMs);
    await kill(scene, name, 'SIGCONT');
    await untilServing(scene, 15_000);
  },
});

const stormy = (place: string, name: string, storm: (proxy: Proxy, scene: Scene) => Promise<void>, everyday = false): Fault => ({
  name: `${place}: ${name}`,
  everyday,
  network: [place],
  strike: async (scene) => {
    const proxy = scene.proxies.get(place);
    if (proxy === undefined) throw new Error(`no proxy at ${place}`);
    await storm(proxy, scene);
    proxy.weather = { kind: 'fair' };
    await untilServing(scene, 30_000);
  },
});

const networkFaults = (place: string): Fault[] => [
  stormy(place, 'nothing arrives at the server for 5 s', async (proxy) => { proxy.weather = { kind: 'drop', way: 'toServer' }; await sleep(5_000); }),
  stormy(place, 'nothing arrives from the server for 5 s', async (proxy) => { proxy.weather = { kind: 'drop', way: 'toClient' }; await sleep(5_000); }),
  stormy(place, 'nothing arrives at all for 20 s', async (proxy) => { proxy.weather = { kind: 'drop', way: 'both' }; await sleep(20_000); }),
  stormy(place, '300 ms latency for 10 s', async (proxy) => { proxy.weather = { kind: 'slow', latencyMs: 300 }; await sleep(10_000); }),
  stormy(place, 'ten resets in mid-frame', async (proxy, { random }) => {
    for (let n = 0; n < 10; n++) { await between(200, 900, random); proxy.reset(); }
  }, place === 'gateway.nats'),
  stormy(place, 'one byte at a time for 5 s', async (proxy) => { proxy.weather = { kind: 'sliced' }; await sleep(5_000); }),
];

export const faults: readonly Fault[] = [
  { name: 'nothing at all', strike: () => sleep(5_000) },
  killed('message-service', 5, true),
  killed('gateway', 3, true),
  killed('chat-service', 2),
  killed('presence-service', 2),
  killed('nats', 3, true),
  killed('postgres', 3, true),
  { ...killed('message-service', 3), name: 'the only message-service killed 3 times', replicas: 'gateway=2,message-service=1' },
  {
    name: 'both message-services killed at once',
    strike: async (scene) => {
      await Promise.all([kill(scene, 'message-service'), kill(scene, 'message-service-2')]);
      await sleep(200);
      await untilServing(scene, 15_000);
    },
  },
  frozen('nats', 20_000),
  frozen('postgres', 20_000),
  frozen('message-service', 5_000),
  frozen('presence-service', 20_000),
  frozen('chat-service', 20_000),
  ...networkFaults('gateway.nats'),
  ...networkFaults('message-service.nats'),
  ...networkFaults('message-service.postgres'),
  {
    name: 'a rolling restart of everything',
    maxConnections: 2,
    strike: async (scene) => {
      for (const name of ['chat-service', 'presence-service', 'message-service', 'message-service-2', 'gateway', 'gateway-2']) {
        await kill(scene, name, 'SIGTERM');
        await sleep(500);
        await untilServing(scene, 30_000);
      }
    },
  },
];
