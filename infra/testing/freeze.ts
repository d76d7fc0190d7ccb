import { readdirSync, readFileSync } from 'node:fs';
import { waitFor } from './wait-for.ts';

/** Stops a process where it stands. Resolves when the last of its threads does: on a busy machine one may go on for a moment. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await waitFor(() => statesOf(pid).every((state) => state === 'T'), { what: `process ${String(pid)} to stand still`, everyMs: 1 });
}

/** Of its threads; none where there is no /proc. */
function statesOf(pid: number): string[] {
  if (process.platform !== 'linux') return [];
  const tasks = `/proc/${String(pid)}/task`;
  return readdirSync(tasks).map((task) => {
    const stat = readFileSync(`${tasks}/${task}/stat`, 'latin1');
    return stat.charAt(stat.lastIndexOf(')') + 2);
  });
}
