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
  let due = new Set<Connection>();
  const writeAll = (): void => {
    const all = due;
    due = new Set();
    for (const connection of all) write(connection);
  };
  // The requests that arrived in this turn leave for NATS at its end: first, so that the services work while sockets are written to.
  const afterTheBus = (): void => { setImmediate(writeAll); };
  const putOff = (connection: Connection): void => {
    if (due.size === 0) setImmediate(afterTheBus);
    due.add(connection);
  };
  // Engine.IO writes each packet as it comes, by a method that it keeps to itself.
  const flush = {
    value(this: Connection): void {
      if (backlogLength(this) > MAX_GATHERED) write(this);
      else putOff(this);
    },
  };
  io.engine.on('connection', (connection: Connection) => { Object.defineProperty(connection, 'flush', flush); });
}

/** All that waits, as Engine.IO would have written it bit by bit. */
function write(connection: Connection): void {
  const flush: unknown = Reflect.get(Object.getPrototypeOf(connection) as object, 'flush');
  if (typeof flush !== 'function') throw new Error('an Engine.IO socket has no flush');
  const stream = streamOf(connection);
  stream?.cork();
  Reflect.apply(flush, connection, []);
  stream?.uncork();
}
