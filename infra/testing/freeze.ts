import { readdirSync } from 'node:fs';
import { readStat } from '../local/process-identity.ts';
import { waitFor } from './wait-for.ts';

/** Stops a process where it stands. Resolves when the last of its threads does: on a busy machine one may go on for a moment. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await waitFor(() => statesOf(pid).every((state) => state === 'T'), { what: `process ${String(pid)} to stand still`, everyMs: 1 });
}

/** Of its threads; none where there is no /proc. */
const statesOf = (pid: number): (string | undefined)[] =>
  (process.platform === 'linux' ? readdirSync(`/proc/${String(pid)}/task`) : []).map((task) => readStat(`${String(pid)}/task/${task}`)?.state);
