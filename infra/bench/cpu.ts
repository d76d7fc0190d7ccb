import { readFileSync } from 'node:fs';
import type { TestSystem } from '../testing/index.ts';

/** Linux counts a process's time in hundredths of a second. proc(5), /proc/pid/stat, fields 14 and 15 */
const TICK_MS = 10;
const UTIME = 11;

/** Milliseconds of CPU that the gateways and services of a system have used so far. */
export async function cpuOf(system: TestSystem): Promise<number> {
  const ours = (await system.processes()).filter(({ name }) => /^(gateway|chat-service|message-service|presence-service)/.test(name));
  return ours.reduce((sum, { pid }) => sum + cpuOfProcess(pid), 0);
}

function cpuOfProcess(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME]) + Number(fields[UTIME + 1])) * TICK_MS;
}
