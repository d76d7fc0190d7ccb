import { readFileSync } from 'node:fs';
import { hasCode } from './json.ts';

/** A pid alone may have been given to a stranger since; with its start time it means one process. */
export interface ProcessId {
  pid: number;
  /** Clock ticks after boot, from /proc; null where there is no /proc, and then the pid alone must do. */
  started: string | null;
}

/** Of a process, or of one of its threads (`<pid>/task/<thread>`); undefined where there is none. */
export function readStat(of: string): { state: string; started: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${of}/stat`, 'latin1');
    // The second field is the program's name and may hold spaces and brackets: count after its last one.
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
    // A zombie holds no port and no lock: it only waits for its parent to look.
    return stat !== undefined && stat.state !== 'Z' && stat.started === started;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** Sends nothing to a process that merely inherited the pid; false when there is nobody to hear it. */
export function signal(id: ProcessId, name: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false;
  try {
    return process.kill(id.pid, name);
  } catch {
    return false;
  }
}
