import { parentPort, workerData } from 'node:worker_threads';
import { io } from 'socket.io-client';
import { z } from 'zod';
import { waitFor } from '../../test/helpers/index.ts';

// Connects a crowd, then posts `connected`. On `drop` it drops all sockets, waits until all are connected
// again and posts how long that took, in ms. On `end` it exits.

const { urls, token, size } = z
  .object({ urls: z.array(z.string()), token: z.string(), size: z.number() })
  .parse(workerData);
const crowd = Array.from({ length: size }, (_, n) =>
  io(urls[n % urls.length] ?? '', {
    auth: { token },
    forceNew: true,
    transports: ['websocket'],
    reconnectionDelay: 500,
    reconnectionDelayMax: 3_000,
  }),
);
const connected = (): number => crowd.filter((socket) => socket.connected).length;

parentPort?.on('message', (command: 'drop' | 'end') => {
  if (command === 'drop') void dropAll();
  else {
    for (const socket of crowd) socket.disconnect();
    parentPort?.close();
  }
});

async function dropAll(): Promise<void> {
  const since = performance.now();
  for (const socket of crowd) socket.io.engine.close();
  await waitFor(() => connected() === 0, { what: 'the crowd to drop', everyMs: 5 });
  await waitFor(() => connected() === size, { what: 'the crowd to reconnect', timeoutMs: 60_000 });
  parentPort?.postMessage(Math.round(performance.now() - since));
}

await waitFor(() => connected() === size, { what: 'the crowd to connect', timeoutMs: 60_000 });
parentPort?.postMessage('connected');
