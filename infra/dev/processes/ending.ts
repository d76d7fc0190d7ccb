import type { Fleet } from './fleet.ts';
import { say } from '../terminal.ts';

const graceMs = 15_000;

export interface Ending {
  /** Aborted once the end began. */
  readonly begun: AbortSignal;
  /** Ends all processes in order, then this one with exit code 1. */
  because(sentence: string): void;
}

/**
 * Ends all processes in order on the first signal, and kills them on the second. One Ctrl-C may arrive twice,
 * from the terminal and from npm, so a signal within a second of the first is ignored.
 */
export function endOnSignals(fleet: Fleet, giveBack: () => void): Ending {
  const stopped = new AbortController();
  let firstAt: number | undefined;

  const end = (): void => {
    if (firstAt !== undefined) {
      if (performance.now() - firstAt < 1_000) return;
      fleet.killAtOnce();
      process.exit(130);
    }
    say('stopping… (Ctrl-C again to kill)');
    stop(0);
  };
  const stop = (exitCode: 0 | 1): void => {
    firstAt = performance.now();
    stopped.abort();
    void fleet.stop(graceMs).then(() => {
      giveBack();
      say('stopped');
      process.exit(exitCode);
    });
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, end);

  // The bootstrap cannot forward SIGKILL, so this detects its death by the changed parent.
  if (process.env['SWITCHBOARD_PARENT'] === String(process.ppid)) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent && firstAt === undefined) end();
    }, 1_000).unref();
  }
  return {
    begun: stopped.signal,
    because: (sentence) => {
      if (firstAt !== undefined) return;
      console.error(sentence);
      stop(1);
    },
  };
}
