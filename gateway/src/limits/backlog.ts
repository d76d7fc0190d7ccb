import type { ChatServer, ChatSocket } from '../sockets.ts';
import { countCutOff, webSocketOf } from './frames.ts';

const MAX_PACKETS = 1_000;
const MAX_LENGTH = 1024 * 1024;
/** A page of history was asked for and may take its time: no packet counts for more than this, the longest room event. */
const MAX_COUNTED = 64 * 1024;
/** With more than this unread a socket is served no further request. */
const MAX_UNREAD = 1024 * 1024;

const unread = new WeakMap<object, Unread>();

/** What was sent to one connection and has not left this process: it waits in Engine.IO's buffer, whatever the socket below says. */
interface Unread {
  packets: number;
  /** Characters, a long packet cut short. */
  counted: number;
  length: number;
  isOver: boolean;
}

/** Ends connections whose clients stopped reading: what is told to a room must not pile up for one who does not listen. */
export function guardBacklog(io: ChatServer): void {
  countCutOff('backlog', 0);
  io.engine.on('connection', (connection: ChatSocket['conn']) => {
    const waiting: Unread = { packets: 0, counted: 0, length: 0, isOver: false };
    unread.set(connection, waiting);
    connection.on('flush', () => { waiting.packets = waiting.counted = waiting.length = 0; });
    connection.on('packetCreate', ({ data }: { data?: unknown }) => {
      const length = typeof data === 'string' ? data.length : 0;
      waiting.packets += 1;
      waiting.length += length;
      waiting.counted += Math.min(length, MAX_COUNTED);
      if (waiting.isOver || (waiting.counted <= MAX_LENGTH && waiting.packets <= MAX_PACKETS)) return;
      waiting.isOver = true;
      countCutOff('backlog');
      end(connection);
    });
  });
}

/** Whether the client should first read what it was sent. */
export const isBehind = ({ conn }: ChatSocket): boolean => (unread.get(conn)?.length ?? 0) > MAX_UNREAD;

/** At once: a closing frame would wait behind all that is not read. */
function end(connection: ChatSocket['conn']): void {
  const socket = webSocketOf(connection);
  if (socket === undefined) connection.close(true);
  else socket.terminate();
}
