import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor, type TestSystem } from '../testing/index.ts';
import type { Load } from './load.ts';
import type { Random } from './random.ts';
import type { Ground, Site } from './site.ts';

/** What a fault can lay its hands on. */
export interface Scene {
  readonly system: TestSystem;
  readonly load: Load;
  readonly random: Random;
  readonly site: Site;
  /** For the report. */
  readonly note: (line: string) => void;
  /** How long it took until all was well, in ms. */
  readonly recovered: (tookMs: number) => void;
  /** A promise is broken that the checker cannot see. */
  readonly complain: (line: string) => void;
}

export interface Fault extends Partial<Ground> {
  readonly name: string;
  /** Part of the selection that `npm test` runs. */
  readonly everyday?: boolean;
  /** How often a member may have had to connect, the first time included. */
  readonly maxConnections?: number;
  /** A gateway is out of reach for longer than its lease: its users are rightly told to have left. */
  readonly losesLease?: boolean;
  /** Where processes die by themselves: FAILPOINTS. */
  readonly failpoints?: string;
  /** Does harm, and ends when the harm is over. Healing is the system's own affair. */
  readonly strike: (scene: Scene) => Promise<void>;
}

/** How soon all is well again once the reason is gone. */
export const BACK_WITHIN_MS = { process: 3_000, nats: 3_000, postgres: 5_000 };

export const between = (minMs: number, maxMs: number, random: Random): Promise<void> => sleep(minMs + random.below(maxMs - minMs));

export async function kill({ system, note }: Scene, name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  note(`${signal} to ${name}`);
  await system.kill(name, signal);
}

/** Waits until every gateway says that the system can serve, and complains when that took longer than `withinMs` from `since`. */
export async function untilServing({ system, note, complain, recovered }: Scene, withinMs: number, since = performance.now()): Promise<void> {
  const ready = (url: string): Promise<boolean> => fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(({ ok }) => ok, () => false);
  await waitFor(async () => (await Promise.all(system.urls.map(ready))).every(Boolean), { what: 'every gateway to be ready', timeoutMs: 60_000, everyMs: 50 });
  const tookMs = Math.round(performance.now() - since);
  recovered(tookMs);
  note(`serving again after ${tookMs} ms`);
  if (tookMs > withinMs) complain(`serving again only after ${tookMs} ms, not ${withinMs}`);
}

/** Ends a process, by SIGKILL unless told otherwise, and waits until its successor serves. */
export async function restart(scene: Scene, name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const pidOf = async () => (await scene.system.processes()).find((one) => one.name === name)?.pid;
  const before = await pidOf();
  await kill(scene, name, signal);
  // A process that is told to stop takes its time to say goodbye, and serves on meanwhile.
  const isGone = async () => (await pidOf()) !== before;
  await waitFor(isGone, { what: `the end of ${name}`, timeoutMs: 20_000, everyMs: 10 });
  const since = performance.now();
  await waitFor(async () => (await pidOf()) !== undefined, { what: `another ${name}`, timeoutMs: 20_000, everyMs: 10 });
  await untilServing(scene, name === 'postgres' ? BACK_WITHIN_MS.postgres : BACK_WITHIN_MS.process, since);
}
