import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until the condition holds; an error in it counts as "not yet". Fails naming what it waited for. */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 5_000, everyMs = 10 }: { what: string; timeoutMs?: number; everyMs?: number },
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== undefined && value !== null) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${String(timeoutMs)} ms in vain for ${what}`, { cause: last });
    }
    await sleep(everyMs);
  }
}
