import { setTimeout as sleep } from 'node:timers/promises';
import type { Inbound } from '../events/inbound.ts';
import { close } from './internals/engine.io.ts';
import type { ChatSocket } from './sockets.ts';

/** Spreads the reconnections over the other gateways: one socket per `EACH_MS`, all within `SPREAD_MS`. */
const SPREAD_MS = 6_000;
const EACH_MS = 5;
/** socket.io-client drops an acknowledgement that it reads together with the end of its transport. */
const AFTER_REPLY_MS = 200;

/**
 * Closes sockets one after the other, each once it has its replies. It ends the transport, not the session,
 * so that the client reconnects by itself to another gateway.
 */
export async function drain(sockets: readonly ChatSocket[], inbound: Inbound): Promise<void> {
  const everyMs = Math.min(EACH_MS, SPREAD_MS / Math.max(1, sockets.length));
  await Promise.all(
    sockets.map(async (socket, index) => {
      await sleep(index * everyMs);
      await inbound.untilReplied(socket);
      await sleep(AFTER_REPLY_MS);
      close(socket.conn);
    }),
  );
}
