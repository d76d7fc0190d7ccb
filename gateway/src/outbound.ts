import { backlogLength } from './limits/backlog.ts';
import { streamOf } from './limits/frames.ts';
import type { ChatServer, ChatSocket } from './sockets.ts';

type Connection = ChatSocket['conn'];

/** What is longer than this is worth a write of its own, and would pile up. In characters. */
const MAX_GATHERED = 32 * 1024;

/**
 * What a connection is sent in one turn of the event loop leaves in one write. Answers and room events arrive in batches, and
 * a system call costs more than the packet it carries. An idle gateway waits for nobody: the turn ends when there is nothing to read.
 */
export function writeOncePerTurn(io: ChatServer): void {
  const due = new Map<Connection, () => void>();
  const writeAll = (): void => {
    const all = [...due];
    due.clear();
    for (const [connection, flush] of all) corked(connection, flush);
  };
  io.engine.on('connection', (connection: Connection) => {
    // Engine.IO writes each packet as it comes, by a method that it keeps to itself.
    const flush: unknown = Reflect.get(connection, 'flush');
    if (typeof flush !== 'function') throw new Error('an Engine.IO socket has no flush');
    const flushNow = (): void => { Reflect.apply(flush, connection, []); };
    Object.defineProperty(connection, 'flush', {
      value: () => {
        if (backlogLength(connection) > MAX_GATHERED) {
          corked(connection, flushNow);
          return;
        }
        if (due.size === 0) setImmediate(writeAll);
        due.set(connection, flushNow);
      },
    });
  });
}

function corked(connection: Connection, write: () => void): void {
  const stream = streamOf(connection);
  stream?.cork();
  write();
  stream?.uncork();
}
