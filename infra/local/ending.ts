import type { Fleet } from './fleet.ts';
import { say } from './terminal.ts';

const graceMs = 15_000;

/**
 * Ends everything in order on the first signal and at once on the second. One Ctrl-C may arrive twice, from the terminal
 * and from npm, which passes it on: only what comes later counts as impatience.
 */
export function endOnSignals(fleet: Fleet, giveBack: () => void): AbortSignal {
  const stopped = new AbortController();
  let firstAt: number | undefined;

  const end = (): void => {
    if (firstAt !== undefined) {
      if (performance.now() - firstAt < 1_000) return;
      fleet.killAtOnce();
      process.exit(130);
    }
    firstAt = performance.now();
    stopped.abort();
    say('stopping… (Ctrl-C again to kill)');
    void fleet.stop(graceMs).then(() => {
      giveBack();
      say('stopped');
      process.exit(0);
    });
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, end);

  // Killed outright, the bootstrap can pass nothing on.
  if (process.env['SWITCHBOARD_PARENT'] === String(process.ppid)) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent && firstAt === undefined) end();
    }, 1_000).unref();
  }
  return stopped.signal;
}
