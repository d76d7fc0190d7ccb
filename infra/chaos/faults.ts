import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { waitFor, type TestSystem } from '../testing/index.ts';
import { withDatabase } from './database.ts';
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
  /** Where processes die by themselves: FAILPOINTS. */
  readonly failpoints?: string;
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

/** The process dies at one step of a send, again and again: each life ends at its sixtieth pass or so. */
const diesAt = (instance: string, point: string, times = 60): Fault => ({
  name: `${instance} dies at ${point}, again and again`,
  failpoints: `${instance}:${point}=kill@${times}`,
  strike: async (scene) => {
    await sleep(12_000);
    await untilServing(scene, 15_000);
  },
});

/** Somebody holds the rows of a chat. */
const heldRow: Fault = {
  name: 'the row of a chat held by someone for 10 s',
  strike: async ({ system, load, note }) => {
    const [chatId] = load.chatIds;
    await withDatabase(system, async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM message.chat WHERE id = $1 FOR UPDATE', [chatId]);
      note(`held the row of chat ${chatId ?? ''}`);
      await sleep(10_000);
      await client.query('ROLLBACK');
    });
    const busy = load.operations.filter((operation) => operation.code !== undefined && operation.chatId !== chatId);
    note(`${busy.length} sends to other chats failed meanwhile`);
    if (busy.length > 0) throw new Error('sends to other chats failed');
  },
};

/** Everybody's connection ends at once; those who were not hit keep their latency. */
const stampede: Fault = {
  name: '1,000 sockets dropped at once',
  strike: async ({ system, note }) => {
    const subject = { id: 9_000_000, role: 'admin' as const, email: 'crowd@example.com' };
    const token = system.token(subject);
    const crowd = Array.from({ length: 1_000 }, (_, n) => io(system.urls[n % system.urls.length] ?? '', { auth: { token }, forceNew: true, transports: ['websocket'], reconnectionDelay: 500, reconnectionDelayMax: 3_000 }));
    const connected = () => crowd.filter((socket) => socket.connected).length;
    try {
      await waitFor(() => connected() === crowd.length, { what: 'the crowd to connect', timeoutMs: 60_000 });
      const since = performance.now();
      for (const socket of crowd) socket.io.engine.close();
      await waitFor(() => connected() === 0, { what: 'the crowd to drop' });
      await waitFor(() => connected() === crowd.length, { what: 'the crowd to come back', timeoutMs: 10_000 });
      note(`all back after ${Math.round(performance.now() - since)} ms`);
    } finally {
      for (const socket of crowd) socket.disconnect();
    }
  },
};

/** A server is gone for a minute, not just for the moment that its restart takes: nothing gets through to anybody. */
const gone = (server: 'nats' | 'postgres', forMs: number): Fault => {
  const network = ['gateway', 'gateway-2', 'message-service', 'message-service-2', 'chat-service', 'presence-service']
    .map((instance) => `${instance}.${server}`).filter((place) => server === 'nats' || !place.startsWith('gateway'));
  return {
    name: `${server} gone for ${forMs / 1_000} s`,
    network,
    strike: async (scene) => {
      for (const place of network) scene.proxies.get(place)?.refuse(true);
      await sleep(forMs);
      for (const place of network) scene.proxies.get(place)?.refuse(false);
      await untilServing(scene, 15_000);
    },
  };
};

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
  diesAt('gateway', 'gateway.frameRead'),
  diesAt('gateway', 'bus.requestPublished', 400),
  diesAt('message-service', 'message.inTransaction'),
  diesAt('message-service', 'message.committed'),
  diesAt('message-service', 'message.told'),
  diesAt('message-service', 'bus.replied', 200),
  heldRow,
  stampede,
  frozen('chat-service', 60_000),
  gone('nats', 60_000),
  gone('postgres', 60_000),
  frozen('nats', 20_000),
  frozen('postgres', 20_000),
  frozen('message-service', 5_000),
  frozen('presence-service', 20_000),
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
