import { parentPort, workerData } from 'node:worker_threads';
import { io } from 'socket.io-client';
import { z } from 'zod';
import { waitFor } from '../testing/index.ts';

// Connects a crowd and says so; at `drop` drops it and says in how many milliseconds everybody was back; ends at `end`.

const { urls, token, size } = z.object({ urls: z.array(z.string()), token: z.string(), size: z.number() }).parse(workerData);
const crowd = Array.from({ length: size }, (_, n) => io(urls[n % urls.length] ?? '', {
  auth: { token }, forceNew: true, transports: ['websocket'], reconnectionDelay: 500, reconnectionDelayMax: 3_000,
}));
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
  await waitFor(() => connected() === size, { what: 'the crowd to come back', timeoutMs: 60_000 });
  parentPort?.postMessage(Math.round(performance.now() - since));
}

await waitFor(() => connected() === size, { what: 'the crowd to connect', timeoutMs: 60_000 });
parentPort?.postMessage('connected');
