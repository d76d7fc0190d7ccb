import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from '../../dev/files.ts';
import { isRecord, parseJson } from '../../dev/json.ts';
import { isFree } from '../../dev/topology/ports.ts';
import type { Instance } from '../../dev/topology/programs.ts';

// A server listens on its port long after the choice. So each worker of a test run has its own port range,
// below the ephemeral range.
const SIZE = 1_600;
const first = 12_000 + (Number(process.env['JEST_WORKER_ID'] ?? 0) % 12) * SIZE;
let next = Math.floor(Math.random() * SIZE);

/** The first of `count` consecutive free ports. No other test of this run gets one of them. */
export async function freePort(count = 1): Promise<number> {
  for (let attempt = 0; attempt < SIZE; attempt++) {
    if (next + count > SIZE) next = 0;
    const port = first + next;
    next += count;
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(port + index)));
    if (free.every(Boolean)) return port;
  }
  throw new Error('no free port in the range of this worker');
}

/** Writes the ports of a launcher before it starts: a port per server, those of an earlier start kept. */
export async function choosePorts(
  dataDir: string,
  instances: readonly Instance[],
): Promise<Record<string, number>> {
  const file = join(dataDir, 'ports.json');
  const before = parseJson(readIfThere(file) ?? '{}');
  const ports: Record<string, number> = {};
  for (const name of ['nats', 'postgres', 'traces', ...instances.map(({ instance }) => instance)]) {
    const port = isRecord(before) ? before[name] : undefined;
    ports[name] = typeof port === 'number' ? port : await freePort();
  }
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}
