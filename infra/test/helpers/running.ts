import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord, parseJson } from '../../dev/json.ts';

export interface RunningProcess {
  name: string;
  pid: number;
  url?: string;
}

/** The processes that the launcher of this data folder runs now; empty when there is none. */
export async function readProcesses(dataDir: string): Promise<RunningProcess[]> {
  const list = parseJson(await readFile(join(dataDir, 'processes.json'), 'utf8').catch(() => '[]'));
  return Array.isArray(list) ? list.filter(isRunningProcess) : [];
}

export const lastLines = (path: string, count = 60): string =>
  readFileSync(path, 'utf8').split('\n').slice(-count).join('\n');

const isRunningProcess = (value: unknown): value is RunningProcess =>
  isRecord(value) && typeof value['name'] === 'string' && typeof value['pid'] === 'number';
