import type { ChatServer, ChatSocket } from '../sockets.ts';
import { countCutOff, webSocketOf } from './frames.ts';

const MAX_PACKETS = 1_000;
const MAX_LENGTH = 1024 * 1024;
/** A page of history was asked for and may take its time: no packet counts for more than this, the longest room event. */
const MAX_COUNTED = 64 * 1024;

/**
 * What was sent to one connection and has not left this process: it waits in Engine.IO's buffer, whatever the socket below says
 * of its own. Lengths in characters.
 */
export class Backlog {
  #packets = 0;
  #length = 0;
  #counted = 0;

  add(length: number): void {
    this.#packets += 1;
    this.#length += length;
    this.#counted += Math.min(length, MAX_COUNTED);
  }

  clear(): void {
    this.#packets = this.#length = this.#counted = 0;
  }

  get length(): number {
    return this.#length;
  }

  /** The client should first read what it was sent. */
  get isLarge(): boolean {
    return this.#length > MAX_LENGTH;
  }

  /** It has stopped reading. */
  get isTooLarge(): boolean {
    return this.#packets > MAX_PACKETS || this.#counted > MAX_LENGTH;
  }
}

const backlogs = new WeakMap<object, Backlog>();

/** How much was sent to a connection that it has not written yet, in characters. */
export const backlogLength = (connection: ChatSocket['conn']): number => backlogs.get(connection)?.length ?? 0;

/** Whether a socket is served no further request for now. */
export const isBehind = ({ conn }: ChatSocket): boolean => backlogs.get(conn)?.isLarge === true;

/** Ends connections whose clients stopped reading: what is told to a room must not pile up for one who does not listen. */
export function guardBacklog(io: ChatServer): void {
  countCutOff('backlog', 0);
  io.engine.on('connection', (connection: ChatSocket['conn']) => {
    const backlog = new Backlog();
    backlogs.set(connection, backlog);
    let isOver = false;
    connection.on('flush', () => { backlog.clear(); });
    connection.on('packetCreate', ({ data }: { data?: unknown }) => {
      backlog.add(typeof data === 'string' ? data.length : 0);
      if (isOver || !backlog.isTooLarge) return;
      isOver = true;
      countCutOff('backlog');
      end(connection);
    });
  });
}

/** At once: a closing frame would wait behind all that is not read. */
function end(connection: ChatSocket['conn']): void {
  const socket = webSocketOf(connection);
  if (socket === undefined) connection.close(true);
  else socket.terminate();
}
