import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_MS } from '@switchboard/shared/contracts';
import { BACK_WITHIN_MS, between, kill, untilServing, type Fault, type Scene } from '../fault.ts';
import type { Proxy } from '../proxy.ts';

const PROGRAMS = [
  'gateway',
  'gateway-2',
  'message-service',
  'message-service-2',
  'chat-service',
  'presence-service',
];

const backWithin = (place: string): number =>
  place.endsWith('.postgres') ? BACK_WITHIN_MS.postgres : BACK_WITHIN_MS.nats;

const stormy = (
  place: string,
  what: string,
  storm: (proxy: Proxy, scene: Scene) => Promise<void>,
  changes: Partial<Fault> = {},
): Fault => ({
  name: `${place}: ${what}`,
  network: [place],
  strike: async (scene) => {
    const proxy = scene.site.proxies.get(place);
    if (proxy === undefined) throw new Error(`no proxy at ${place}`);
    await storm(proxy, scene);
    proxy.weather = { kind: 'fair' };
    await untilServing(scene, backWithin(place));
  },
  ...changes,
});

const storms = (place: string): Fault[] => [
  stormy(place, 'nothing arrives at the server for 5 s', async (proxy) => {
    proxy.weather = { kind: 'drop', way: 'toServer' };
    await sleep(5_000);
  }),
  stormy(place, 'nothing arrives from the server for 5 s', async (proxy) => {
    proxy.weather = { kind: 'drop', way: 'toClient' };
    await sleep(5_000);
  }),
  stormy(
    place,
    'nothing arrives at all for 20 s',
    async (proxy) => {
      proxy.weather = { kind: 'drop', way: 'both' };
      await sleep(20_000);
    },
    { losesLease: place === 'gateway.nats' },
  ),
  stormy(place, '300 ms latency for 10 s', async (proxy) => {
    proxy.weather = { kind: 'slow', latencyMs: 300 };
    await sleep(10_000);
  }),
  stormy(
    place,
    'ten resets in mid-frame',
    async (proxy, { random }) => {
      for (let n = 0; n < 10; n++) {
        await between(200, 900, random);
        proxy.reset();
      }
    },
    { everyday: place === 'gateway.nats' },
  ),
  stormy(place, 'one byte at a time for 5 s', async (proxy) => {
    proxy.weather = { kind: 'sliced' };
    await sleep(5_000);
  }),
];

const placesOf = (server: 'nats' | 'postgres'): string[] =>
  PROGRAMS.filter((name) => server === 'nats' || !name.startsWith('gateway')).map(
    (name) => `${name}.${server}`,
  );

const refuseAll = ({ site }: Scene, isAway: boolean): void => {
  for (const proxy of site.proxies.values()) proxy.refuse(isAway);
};

/** The server is unreachable for all programs, for much longer than a restart takes. */
const gone = (server: 'nats' | 'postgres', forMs: number): Fault => ({
  name: `${server} gone for ${forMs / 1_000} s`,
  network: placesOf(server),
  strike: async (scene) => {
    refuseAll(scene, true);
    await sleep(forMs);
    refuseAll(scene, false);
    await untilServing(scene, BACK_WITHIN_MS[server]);
  },
});

/** All programs restart; the server they need is reachable only `forMs` later. */
const late = (server: 'nats' | 'postgres', forMs: number): Fault => ({
  name: `everything started ${forMs / 1_000} s before ${server}`,
  network: placesOf(server),
  strike: async (scene) => {
    refuseAll(scene, true);
    for (const name of PROGRAMS) await kill(scene, name);
    await sleep(2_000);
    const pids = await pidsOf(scene);
    await sleep(forMs);
    if ((await pidsOf(scene)).join() !== pids.join()) scene.complain(`a process ended without ${server}`);
    refuseAll(scene, false);
    await untilServing(scene, BACK_WITHIN_MS[server]);
    // Users of the killed gateways stay active until those leases expire; without the server no lease could
    // be checked before.
    await sleep(LEASE_MS);
  },
});

/** The link between two hosts fails and returns; neither host gets an error. */
const unplugged = (place: string, forMs: number, changes: Partial<Fault> = {}): Fault => ({
  name: `${place}: cable pulled for ${forMs / 1_000} s`,
  cables: [place],
  strike: async (scene) => {
    const cable = scene.site.cables.get(place);
    await cable?.pull();
    await sleep(forMs);
    await cable?.plug();
    await untilServing(scene, backWithin(place));
  },
  ...changes,
});

const pidsOf = async ({ system }: Scene): Promise<number[]> =>
  (await system.processes()).map(({ pid }) => pid).toSorted((a, b) => a - b);

export const networkFaults: readonly Fault[] = [
  gone('nats', 60_000),
  gone('postgres', 60_000),
  late('nats', 60_000),
  late('postgres', 60_000),
  unplugged('gateway.nats', 20_000, { losesLease: true }),
  unplugged('message-service.nats', 20_000),
  unplugged('message-service.postgres', 20_000),
  ...storms('gateway.nats'),
  ...storms('message-service.nats'),
  ...storms('message-service.postgres'),
];
