import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Fault } from '../fault.ts';
import type { Operation } from '../history.ts';

const SIZE = 1_000;
const CALM_MS = 5_000;

/** All sockets of a crowd drop at once; the other members keep their latency. */
const stampede: Fault = {
  name: `${SIZE} sockets dropped at once`,
  maxConnections: 1,
  strike: async ({ system, load, note, complain }) => {
    const token = system.token({ id: 9_000_000, role: 'admin', email: 'crowd@example.com' });
    // Runs in its own thread, so that the client's own load is not measured as the server's.
    const crowd = new Worker(new URL('../crowd-thread.ts', import.meta.url), {
      workerData: { urls: system.urls, token, size: SIZE },
    });
    try {
      await once(crowd, 'message');
      note('the crowd is connected');
      const [calmFrom, until] = [performance.now(), CALM_MS];
      await sleep(until);
      const droppedAt = performance.now();
      crowd.postMessage('drop');
      const [tookMs] = (await once(crowd, 'message')) as [number];
      const backAt = performance.now();
      note(`all sockets reconnected after ${tookMs} ms`);
      if (tookMs > 10_000) complain(`the crowd took ${tookMs} ms to reconnect`);
      const [calm, during] = [
        latencies(load.operations, calmFrom, droppedAt),
        latencies(load.operations, droppedAt, backAt),
      ];
      note(
        `sends of the other members, before: p50 ${at(calm, 0.5)} ms, p99 ${at(calm, 0.99)} ms; during: p50 ${at(during, 0.5)} ms, p99 ${at(during, 0.99)} ms`,
      );
      if (at(during, 0.99) > Math.max(250, 3 * at(calm, 0.99)))
        complain('sends of the other members slowed down');
    } finally {
      crowd.postMessage('end');
      await once(crowd, 'exit');
    }
  },
};

/** Latencies of acknowledged sends that started in [from, to), ascending. */
const latencies = (operations: readonly Operation[], from: number, to: number): number[] =>
  operations
    .filter(({ invokedAt, outcome }) => invokedAt >= from && invokedAt < to && outcome === 'ok')
    .map(({ invokedAt, completedAt = invokedAt }) => completedAt - invokedAt)
    .toSorted((a, b) => a - b);

const at = (sorted: readonly number[], share: number): number =>
  Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);

export const crowdFaults: readonly Fault[] = [stampede];
