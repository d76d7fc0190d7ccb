import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time in units of 10 ms. proc(5), /proc/pid/stat */
const TICK_MS = 10;
/**
 * Indexes of the fields after the program's name: the parent, then user and kernel time of the process itself
 * and of its ended children.
 */
const [PARENT, UTIME, STIME, CUTIME, CSTIME] = [1, 11, 12, 13, 14];
const PAGE_BYTES = 4096;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly ms: number;
}

/** CPU in ms that each of these processes and its descendants have used so far. */
export function cpuOf(roots: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const all = readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : [],
  );
  const childrenOf = Map.groupBy(all, ({ parent }) => parent);
  const sum = (process: Process): number =>
    (childrenOf.get(process.pid) ?? []).reduce((ms, child) => ms + sum(child), process.ms);
  const byPid = new Map(all.map((process) => [process.pid, process]));
  return new Map(
    [...roots].map(([name, pid]) => {
      const root = byPid.get(pid);
      if (root === undefined) throw new Error(`cpu: the process ${name} has exited`);
      return [name, sum(root)];
    }),
  );
}

/** CPU in ms used since `before`. */
export const cpuSince = (
  roots: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
): Map<string, number> =>
  new Map([...cpuOf(roots)].map(([name, ms]) => [name, ms - (before.get(name) ?? 0)]));

export const total = (ms: ReadonlyMap<string, number>): number =>
  [...ms.values()].reduce((sum, one) => sum + one, 0);

/** Resident memory in bytes. proc(5), /proc/pid/statm */
export const residentBytesOf = (pid: number): number =>
  Number(readFileSync(`/proc/${String(pid)}/statm`, 'latin1').split(' ')[1]) * PAGE_BYTES;

function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const at = (index: number): number => fields[index] ?? 0;
    return { pid, parent: at(PARENT), ms: (at(UTIME) + at(STIME) + at(CUTIME) + at(CSTIME)) * TICK_MS };
  } catch {
    // The process has ended meanwhile; Linux has added its time to its parent's.
    return undefined;
  }
}
