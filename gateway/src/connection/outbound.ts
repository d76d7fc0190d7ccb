import { backlogLength } from './backlog.ts';
import { flush, onConnection, replaceFlush, webSocketOf, type Connection } from './internals/engine.io.ts';
import { streamOf } from './internals/ws.ts';
import type { ChatServer } from './sockets.ts';

/** Above this length a connection is written at once, so that less piles up. In characters. */
const MAX_GATHERED = 32 * 1024;

/**
 * Writes all packets of one tick to a connection in one system call. Replies and room events arrive in
 * batches, and a system call costs more than the packet it carries. An idle gateway adds no delay: the tick
 * ends when nothing is left to read.
 */
export function writeOncePerTick(io: ChatServer): void {
  let due = new Set<Connection>();
  const writeAll = (): void => {
    const all = due;
    due = new Set();
    for (const connection of all) write(connection);
  };
  // The requests of this tick leave for NATS first, so that the services work while sockets are written.
  const afterTheBus = (): void => {
    setImmediate(writeAll);
  };
  const putOff = (connection: Connection): void => {
    if (due.size === 0) setImmediate(afterTheBus);
    due.add(connection);
  };
  const writeLater = replaceFlush((connection) => {
    if (backlogLength(connection) > MAX_GATHERED) write(connection);
    else putOff(connection);
  });
  onConnection(io, writeLater);
}

/** Writes the packets that wait. */
function write(connection: Connection): void {
  const socket = webSocketOf(connection);
  const stream = socket && streamOf(socket);
  stream?.cork();
  flush(connection);
  stream?.uncork();
}
