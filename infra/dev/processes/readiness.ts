import { setTimeout as sleep } from 'node:timers/promises';

export interface Awaited {
  name: string;
  url: string;
}

/**
 * Waits until all processes reply 200 to /readyz. Never gives up, since a missing process may still
 * start. Throws once `stopped` is aborted.
 */
export async function untilReady(
  all: readonly Awaited[],
  say: (line: string) => void,
  stopped: AbortSignal,
): Promise<void> {
  const missing = new Set(all);
  const reminder = setInterval(() => {
    const names = [...missing].map(({ name, url }) => `${name} (${url}/readyz)`).join(', ');
    say(`still waiting for ${names}: the log above may say why`);
  }, 20_000);
  try {
    await Promise.all(
      all.map(async (one) => {
        while (!stopped.aborted && !(await isReady(one.url))) await sleep(50);
        missing.delete(one);
      }),
    );
    stopped.throwIfAborted();
  } finally {
    clearInterval(reminder);
  }
}

export async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
