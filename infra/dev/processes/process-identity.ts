import { readFileSync } from 'node:fs';
import { hasCode } from '../json.ts';

/** Identifies one process: the system reuses pids, but not with the same start time. */
export interface ProcessId {
  pid: number;
  /** Clock ticks after boot, from /proc. Null without /proc: then the pid alone identifies the process. */
  started: string | null;
}

/** Reads a process or one of its threads (`<pid>/task/<thread>`). Returns undefined if it does not exist. */
export function readStat(of: string): { state: string; started: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${of}/stat`, 'latin1');
    // The second field is the program's name, which may contain spaces and brackets: counts after the last
    // bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

export function identify(pid: number): ProcessId {
  return { pid, started: readStat(String(pid))?.started ?? null };
}

export function isAlive({ pid, started }: ProcessId): boolean {
  if (process.platform === 'linux' && started !== null) {
    const stat = readStat(String(pid));
    // A zombie counts as dead: it holds no port and no lock, and only waits for its parent.
    return stat !== undefined && stat.state !== 'Z' && stat.started === started;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** Signals the process, never another one that reused its pid. Returns false if the process is gone. */
export function signal(id: ProcessId, name: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false;
  try {
    return process.kill(id.pid, name);
  } catch {
    return false;
  }
}
