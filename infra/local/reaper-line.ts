import type { Mortal } from './end-in-order.ts';
import { isRecord, parseJson } from './json.ts';

const stopSignals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGKILL'];

function parseMortal(value: unknown): Mortal | undefined {
  if (!isRecord(value)) return undefined;
  const { name, pid, started, stage, stopSignal, remove } = value;
  const known = stopSignals.find((candidate) => candidate === stopSignal);
  if (typeof name !== 'string' || typeof stage !== 'number' || known === undefined) return undefined;
  // 0 and negative pids mean whole groups to kill(2).
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 1) return undefined;
  const mortal = { name, pid, stage, stopSignal: known, started: typeof started === 'string' ? started : null };
  return typeof remove === 'string' ? { ...mortal, remove } : mortal;
}

/** Undefined when the line is not a whole list, as when its writer died in the middle of it. */
export function parseMortals(line: string): Mortal[] | undefined {
  const list = parseJson(line);
  return Array.isArray(list) ? list.map(parseMortal).filter((item) => item !== undefined) : undefined;
}
