import { forReceiver } from '../auth/file-urls.ts';
import type { ChatSocket } from '../connection/sockets.ts';
import { DURABLE_OWNERS, type DurableOwner, type Revs } from './durable-owners.ts';
import { isExcepted, type SocketEvent } from './socket-event.ts';

/**
 * A socket that is joining a chat. Its events wait until it has its snapshot. Then it gets those that the
 * snapshot does not hold, each once and in order.
 */
export class Joining {
  readonly socket: ChatSocket;
  /** The room's `rev` per log when the socket was admitted; unknown until the room has its first snapshot. */
  readonly since: Partial<Record<DurableOwner, number>>;
  /** The last `rev` per log that the socket has. */
  readonly #position: Record<DurableOwner, number> = { chat: 0, message: 0 };
  /** Undefined once the socket is live. */
  #waiting: SocketEvent[] | undefined = [];

  constructor(socket: ChatSocket, since: Partial<Record<DurableOwner, number>>) {
    this.socket = socket;
    this.since = since;
  }

  receive(event: SocketEvent): void {
    if (this.#waiting === undefined) this.#deliver(event);
    else this.#waiting.push(event);
  }

  /**
   * The socket has its snapshot: delivers what came after it. `missed`: the entries between the snapshot and
   * `since`.
   */
  goLive(snapshot: Revs, missed: readonly SocketEvent[]): void {
    Object.assign(this.#position, snapshot);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const event of [...missed, ...waiting]) this.#deliver(event);
  }

  /** The socket is live, and not ahead of the room: both need the same events from here on. */
  hasCaughtUp(roomPosition: (owner: DurableOwner) => number | undefined): boolean {
    return (
      this.#waiting === undefined &&
      DURABLE_OWNERS.every((owner) => (roomPosition(owner) ?? -1) >= this.#position[owner])
    );
  }

  #deliver({ owner, rev, event, payload, except }: SocketEvent): void {
    if (rev <= this.#position[owner]) return;
    this.#position[owner] = rev;
    if (except === undefined || !isExcepted(except, this.socket))
      this.socket.emit(event, forReceiver(payload, this.socket.data));
  }
}
