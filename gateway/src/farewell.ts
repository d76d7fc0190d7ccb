import { setTimeout as sleep } from 'node:timers/promises';
import type { Inbound } from './inbound.ts';
import type { ChatSocket } from './sockets.ts';

/** At most this long from the first to the last, and no faster than this, so that elsewhere nobody is overrun. */
const SPREAD_MS = 6_000;
const EACH_MS = 5;
/** socket.io-client drops an acknowledgement that it reads together with the end of its transport: they go apart. */
const LAST_WORD_MS = 200;

/**
 * Closes sockets one after the other, each once it has its answers. Its transport ends, not its session: a client comes
 * back by itself, through another gateway.
 */
export async function sendAway(sockets: readonly ChatSocket[], inbound: Inbound): Promise<void> {
  const everyMs = Math.min(EACH_MS, SPREAD_MS / Math.max(1, sockets.length));
  await Promise.all(sockets.map(async (socket, index) => {
    await sleep(index * everyMs);
    await inbound.answered(socket);
    await sleep(LAST_WORD_MS);
    socket.conn.close();
  }));
}
