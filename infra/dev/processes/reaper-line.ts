import type { Mortal } from './end-in-order.ts';
import { isRecord, parseJson } from '../json.ts';

const stopSignals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGKILL'];

function parseMortal(value: unknown): Mortal | undefined {
  if (!isRecord(value)) return undefined;
  const { name, pid, started, stage, stopSignal, remove } = value;
  const known = stopSignals.find((candidate) => candidate === stopSignal);
  if (typeof name !== 'string' || typeof stage !== 'number' || known === undefined) return undefined;
  // kill(2) signals whole process groups for 0 and negative pids.
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 1) return undefined;
  const mortal = {
    name,
    pid,
    stage,
    stopSignal: known,
    started: typeof started === 'string' ? started : null,
  };
  return typeof remove === 'string' ? { ...mortal, remove } : mortal;
}

/** Returns undefined for an incomplete list, for example when the writer died while writing. */
export function parseMortals(line: string): Mortal[] | undefined {
  const list = parseJson(line);
  return Array.isArray(list) ? list.map(parseMortal).filter((item) => item !== undefined) : undefined;
}
