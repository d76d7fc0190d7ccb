import type { ChatServer, ChatSocket } from './sockets.ts';
import { countCutOff } from './frames.ts';
import {
  discard,
  onConnection,
  onFlush,
  onPacketCreated,
  webSocketOf,
  type Connection,
} from './internals/engine.io.ts';

const MAX_PACKETS = 1_000;
const MAX_LENGTH = 1024 * 1024;
/**
 * No packet counts for more than the longest room event. The client requested a page of history, so a large
 * page is no reason to disconnect.
 */
const MAX_COUNTED = 64 * 1024;

/** The packets of one connection that wait in Engine.IO's buffer. Lengths in characters. */
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

  /** The client gets no further replies until it reads. */
  get isLarge(): boolean {
    return this.#length > MAX_LENGTH;
  }

  /** The client has stopped reading. */
  get isTooLarge(): boolean {
    return this.#packets > MAX_PACKETS || this.#counted > MAX_LENGTH;
  }
}

const backlogs = new WeakMap<object, Backlog>();

/** The length of the packets that wait for a connection, in characters. */
export const backlogLength = (connection: Connection): number => backlogs.get(connection)?.length ?? 0;

/** Backpressure: the gateway refuses the socket's requests for now. */
export const isBehind = ({ conn }: ChatSocket): boolean => backlogs.get(conn)?.isLarge === true;

/** Disconnects clients that stopped reading, so that room events do not pile up in memory. */
export function guardBacklog(io: ChatServer): void {
  countCutOff('backlog', 0);
  onConnection(io, (connection) => {
    const backlog = new Backlog();
    backlogs.set(connection, backlog);
    let isEnded = false;
    onFlush(connection, () => {
      backlog.clear();
    });
    onPacketCreated(connection, (length) => {
      backlog.add(length);
      if (isEnded || !backlog.isTooLarge) return;
      isEnded = true;
      countCutOff('backlog');
      end(connection);
    });
  });
}

/** Ends at once: a closing frame would wait behind the unread packets. */
function end(connection: Connection): void {
  const socket = webSocketOf(connection);
  if (socket === undefined) discard(connection);
  else socket.terminate();
}
