import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Fault } from '../fault.ts';
import type { Operation } from '../history.ts';

const SIZE = 1_000;
const CALM_MS = 5_000;

/** Everybody's connection ends at once; those who were not hit keep their latency. */
const stampede: Fault = {
  name: `${SIZE} sockets dropped at once`,
  maxConnections: 1,
  strike: async ({ system, load, note, complain }) => {
    const token = system.token({ id: 9_000_000, role: 'admin', email: 'crowd@example.com' });
    // In a thread of its own: what the crowd costs its client must not pass for what it costs the server.
    const crowd = new Worker(new URL('../crowd-thread.ts', import.meta.url), { workerData: { urls: system.urls, token, size: SIZE } });
    try {
      await once(crowd, 'message');
      note('the crowd is connected');
      const [calmFrom, until] = [performance.now(), CALM_MS];
      await sleep(until);
      const droppedAt = performance.now();
      crowd.postMessage('drop');
      const [tookMs] = await once(crowd, 'message') as [number];
      const backAt = performance.now();
      note(`all back after ${tookMs} ms`);
      if (tookMs > 10_000) complain(`it took the crowd ${tookMs} ms to come back`);
      const [calm, during] = [latencies(load.operations, calmFrom, droppedAt), latencies(load.operations, droppedAt, backAt)];
      note(`sends of the others, before: p50 ${at(calm, 0.5)} ms, p99 ${at(calm, 0.99)} ms; meanwhile: p50 ${at(during, 0.5)} ms, p99 ${at(during, 0.99)} ms`);
      if (at(during, 0.99) > Math.max(250, 3 * at(calm, 0.99))) complain('those already connected lost their latency');
    } finally {
      crowd.postMessage('end');
      await once(crowd, 'exit');
    }
  },
};

/** In ascending order, of what was sent between the two times. */
const latencies = (operations: readonly Operation[], from: number, to: number): number[] =>
  operations.filter(({ invokedAt, outcome }) => invokedAt >= from && invokedAt < to && outcome === 'ok')
    .map(({ invokedAt, completedAt = invokedAt }) => completedAt - invokedAt).toSorted((a, b) => a - b);

const at = (sorted: readonly number[], share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);

export const crowdFaults: readonly Fault[] = [stampede];
