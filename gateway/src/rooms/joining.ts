import type { RoomOwner } from '@switchboard/shared/contracts';
import type { ChatSocket } from '../sockets.ts';

/** How far each durable log goes. */
export type Revs = Readonly<Record<DurableOwner, number>>;
export type DurableOwner = Exclude<RoomOwner, 'presence'>;
export const DURABLE_OWNERS = ['chat', 'message'] as const satisfies readonly DurableOwner[];

/** An entry of a log, as it goes to sockets. */
export interface Told {
  readonly owner: DurableOwner;
  readonly rev: number;
  readonly event: string;
  readonly payload: unknown;
  /** The user whose sockets do not hear it. */
  readonly except: number | undefined;
}

/**
 * A socket that is joining. From its admission on it hears the room; until its snapshot stands, what it hears waits; then
 * it is told what the snapshot does not hold, once and in order.
 */
export class Joining {
  readonly socket: ChatSocket;
  /** Where the room stood, per log, when the socket began to hear it; unknown until the room itself has a beginning. */
  readonly since: Partial<Record<DurableOwner, number>>;
  /** What the socket knows of, per log. */
  readonly #position: Record<DurableOwner, number> = { chat: 0, message: 0 };
  #waiting: Told[] | undefined = [];

  constructor(socket: ChatSocket, since: Partial<Record<DurableOwner, number>>) {
    this.socket = socket;
    this.since = since;
  }

  hear(told: Told): void {
    if (this.#waiting === undefined) this.#tell(told);
    else this.#waiting.push(told);
  }

  /** The snapshot has been answered: what came after it is told now. `missed`: what the logs hold between it and `since`. */
  goLive(snapshot: Revs, missed: readonly Told[]): void {
    Object.assign(this.#position, snapshot);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const told of [...missed, ...waiting]) this.#tell(told);
  }

  /** Live, and knows of nothing that the room has yet to tell: from here on both hear the same. */
  isLevelWith(roomPosition: (owner: DurableOwner) => number | undefined): boolean {
    return this.#waiting === undefined && DURABLE_OWNERS.every((owner) => (roomPosition(owner) ?? -1) >= this.#position[owner]);
  }

  #tell({ owner, rev, event, payload, except }: Told): void {
    if (rev <= this.#position[owner]) return;
    this.#position[owner] = rev;
    if (except !== this.socket.data.actor.id) this.socket.emit(event, payload);
  }
}
