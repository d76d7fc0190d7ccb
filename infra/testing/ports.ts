import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from '../local/files.ts';
import { isRecord, parseJson } from '../local/json.ts';
import { isFree } from '../local/ports.ts';
import type { Instance } from '../local/programs.ts';

// A port is chosen long before its server listens on it. So each worker of a test run chooses from a range of its own, below
// the one that the system gives to outgoing connections.
const SIZE = 1_600;
const first = 12_000 + (Number(process.env['JEST_WORKER_ID'] ?? 0) % 12) * SIZE;
let next = Math.floor(Math.random() * SIZE);

/** The first of `count` ports in a row that nobody listens on, and that nobody else in this run is given. */
export async function freePort(count = 1): Promise<number> {
  for (let attempt = 0; attempt < SIZE; attempt++) {
    if (next + count > SIZE) next = 0;
    const port = first + next;
    next += count;
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(port + index)));
    if (free.every(Boolean)) return port;
  }
  throw new Error('no free port');
}

/** Chooses for a launcher to come what it would choose by itself, unless it has been there before: a port per server. */
export async function choosePorts(dataDir: string, instances: readonly Instance[]): Promise<Record<string, number>> {
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
