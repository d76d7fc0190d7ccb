import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor, type TestSystem } from '../../test/helpers/index.ts';
import type { Load } from './load.ts';
import type { Random } from './random.ts';
import type { Ground, Site } from './site.ts';

/** What a fault can use. */
export interface Scene {
  readonly system: TestSystem;
  readonly load: Load;
  readonly random: Random;
  readonly site: Site;
  /** Adds a line to the report. */
  readonly note: (line: string) => void;
  /** Records how long recovery took, in ms. */
  readonly recovered: (tookMs: number) => void;
  /** Reports a broken promise that the checker cannot see. */
  readonly complain: (line: string) => void;
}

export interface Fault extends Partial<Ground> {
  readonly name: string;
  /** Part of the selection that CI runs. */
  readonly everyday?: boolean;
  /** The most connections that one member may make, the first one included. */
  readonly maxConnections?: number;
  /** A gateway is unreachable for longer than its lease, so `left` events for its users are correct. */
  readonly losesLease?: boolean;
  /** Causes the fault and resolves when the fault ends. The system recovers by itself. */
  readonly strike: (scene: Scene) => Promise<void>;
}

/** The system must serve this soon after the cause ends. A process needs up to 3 s of it to start. */
export const BACK_WITHIN_MS = { process: 6_000, nats: 3_000, postgres: 5_000 };

export const between = (minMs: number, maxMs: number, random: Random): Promise<void> =>
  sleep(minMs + random.below(maxMs - minMs));

export async function kill(
  { system, note }: Scene,
  name: string,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<void> {
  note(`${signal} to ${name}`);
  await system.kill(name, signal);
}

/**
 * Waits until every gateway is ready; complains when that took longer than `withinMs` from `since`.
 */
export async function untilServing(
  { system, note, complain, recovered }: Scene,
  withinMs: number,
  since = performance.now(),
): Promise<void> {
  const ready = (url: string): Promise<boolean> =>
    fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitFor(async () => (await Promise.all(system.urls.map(ready))).every(Boolean), {
    what: 'every gateway to be ready',
    timeoutMs: 60_000,
    everyMs: 50,
  });
  const tookMs = Math.round(performance.now() - since);
  recovered(tookMs);
  note(`serving again after ${tookMs} ms`);
  if (tookMs > withinMs) complain(`serving again only after ${tookMs} ms, limit ${withinMs} ms`);
}

/** Ends a process, by default with SIGKILL, and waits until the restarted process serves. */
export async function restart(scene: Scene, name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const pidOf = async () => (await scene.system.processes()).find((one) => one.name === name)?.pid;
  const before = await pidOf();
  await kill(scene, name, signal);
  // After SIGTERM a process still serves while it drains.
  const isGone = async () => (await pidOf()) !== before;
  await waitFor(isGone, { what: `the end of ${name}`, timeoutMs: 20_000, everyMs: 10 });
  const since = performance.now();
  await waitFor(async () => (await pidOf()) !== undefined, {
    what: `the restart of ${name}`,
    timeoutMs: 20_000,
    everyMs: 10,
  });
  await untilServing(scene, name === 'postgres' ? BACK_WITHIN_MS.postgres : BACK_WITHIN_MS.process, since);
}
