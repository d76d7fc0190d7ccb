import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readIfThere, writeWhole } from './files.ts';
import { isRecord, parseJson } from './json.ts';

/** Whether somebody could listen there now. Both families: `localhost` may mean either. */
export async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && canListen(port, undefined);
}

/**
 * A port that nobody listens on. Below the range that the system gives to outgoing connections: one of those could hold
 * it at the moment a server is restarted on it. Somebody may take it before it is used: retry then.
 */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    const port = randomInt(12_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port');
}

/** A port for each name, none of `taken`, the same as the last time where it is free again: addresses survive a restart. */
export async function keepPorts(folder: string, names: readonly string[], taken: readonly number[] = []): Promise<Map<string, number>> {
  const file = join(folder, 'ports.json');
  const value = parseJson(readIfThere(file) ?? '');
  const before = isRecord(value) ? value : {};
  const chosen = new Map<string, number>();
  for (const name of names) {
    const previous = before[name];
    const unavailable = [...taken, ...chosen.values()];
    let port = typeof previous === 'number' && (await isFree(previous)) ? previous : await freePort();
    while (unavailable.includes(port)) port = await freePort();
    chosen.set(name, port);
  }
  writeWhole(file, `${JSON.stringify({ ...before, ...Object.fromEntries(chosen) })}\n`);
  return chosen;
}

function canListen(port: number, host: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
