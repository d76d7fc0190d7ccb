import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts a process's time in hundredths of a second. proc(5), /proc/pid/stat */
const TICK_MS = 10;
/** Of the fields behind the program's name: the parent, and the times in user and kernel mode, own and of children that have ended. */
const [PARENT, UTIME, STIME, CUTIME, CSTIME] = [1, 11, 12, 13, 14];
const PAGE_BYTES = 4096;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly ms: number;
}

/** Milliseconds of CPU that each of these processes, with all that it has started, has used so far. */
export function cpuOf(roots: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []));
  const childrenOf = Map.groupBy(all, ({ parent }) => parent);
  const sum = (process: Process): number => (childrenOf.get(process.pid) ?? []).reduce((ms, child) => ms + sum(child), process.ms);
  const byPid = new Map(all.map((process) => [process.pid, process]));
  return new Map([...roots].map(([name, pid]) => {
    const root = byPid.get(pid);
    if (root === undefined) throw new Error(`${name} is not running any more`);
    return [name, sum(root)];
  }));
}

/** What was used since then. */
export const cpuSince = (roots: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): Map<string, number> =>
  new Map([...cpuOf(roots)].map(([name, ms]) => [name, ms - (before.get(name) ?? 0)]));

export const total = (ms: ReadonlyMap<string, number>): number => [...ms.values()].reduce((sum, one) => sum + one, 0);

/** Bytes of memory that a process holds. proc(5), /proc/pid/statm */
export const residentBytesOf = (pid: number): number => Number(readFileSync(`/proc/${String(pid)}/statm`, 'latin1').split(' ')[1]) * PAGE_BYTES;

function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
    const at = (index: number): number => fields[index] ?? 0;
    return { pid, parent: at(PARENT), ms: (at(UTIME) + at(STIME) + at(CUTIME) + at(CSTIME)) * TICK_MS };
  } catch {
    // It ended while we looked; its time is its parent's now.
    return undefined;
  }
}
