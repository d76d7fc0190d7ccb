import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readIfThere, writeWhole } from '../files.ts';
import { isRecord, parseJson } from '../json.ts';

/** Whether the port is free on IPv4 and IPv6: `localhost` may mean either. */
export async function isFree(port: number): Promise<boolean> {
  return (await whyNoListening(port)) === undefined;
}

/** Whether this user lacks the right to listen on the port, as below 1024. */
export const isForbidden = async (port: number): Promise<boolean> =>
  (await whyNoListening(port)) === 'EACCES';

const whyNoListening = async (port: number): Promise<string | undefined> =>
  (await listenError(port, '127.0.0.1')) ?? listenError(port, undefined);

/**
 * A free port below the ephemeral range: an outgoing connection could hold a higher one when its server
 * restarts. Another process may bind it first: retry then.
 */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    const port = randomInt(12_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port between 12000 and 32000');
}

/**
 * Chooses a port for each name, none of `reserved`. Reuses the previous port if free, so addresses survive a
 * restart.
 */
export async function keepPorts(
  folder: string,
  names: readonly string[],
  reserved: readonly number[] = [],
): Promise<Map<string, number>> {
  const file = join(folder, 'ports.json');
  const value = parseJson(readIfThere(file) ?? '');
  const before = isRecord(value) ? value : {};
  const chosen = new Map<string, number>();
  for (const name of names) {
    const previous = before[name];
    const unavailable = [...reserved, ...chosen.values()];
    let port = typeof previous === 'number' && (await isFree(previous)) ? previous : await freePort();
    while (unavailable.includes(port)) port = await freePort();
    chosen.set(name, port);
  }
  writeWhole(file, `${JSON.stringify({ ...before, ...Object.fromEntries(chosen) })}\n`);
  return chosen;
}

/** The code of the system error; undefined when listening works. */
function listenError(port: number, host: string | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      resolve('code' in error ? String(error.code) : error.message);
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}
