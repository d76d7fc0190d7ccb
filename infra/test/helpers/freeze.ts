import { readdirSync } from 'node:fs';
import { readStat } from '../../dev/processes/process-identity.ts';
import { waitFor } from './wait-for.ts';

/**
 * Sends SIGSTOP. Resolves when all threads have stopped: on a busy machine one may run for a moment longer.
 */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await waitFor(() => statesOf(pid).every((state) => state === 'T'), {
    what: `process ${String(pid)} to stop`,
    everyMs: 1,
  });
}

/** The states of the process's threads; empty without /proc. */
const statesOf = (pid: number): (string | undefined)[] =>
  (process.platform === 'linux' ? readdirSync(`/proc/${String(pid)}/task`) : []).map(
    (task) => readStat(`${String(pid)}/task/${task}`)?.state,
  );
