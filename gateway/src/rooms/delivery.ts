import { Counts, Durations, type OpenSpan, type RoomEventFrame } from '@switchboard/shared/bus';
import type { RoomOwner } from '@switchboard/shared/contracts';
import { sinceOrigin } from '../origin.ts';

const durations = new Durations('switchboard.delivery.duration', 'From a frame read here to the room event it caused being told to the sockets here', ['event']);
const delivered = new Counts('switchboard.room_events.delivered', '{event}', 'Room events told to the sockets of this gateway', 'event');
const repeated = new Counts('switchboard.room_events.repeated', '{event}', 'Room events heard again, and dropped', 'owner');
const held = new Counts('switchboard.room_events.held', '{event}', 'Room events held because one before them was missing', 'owner');
const filled = new Counts('switchboard.room_events.filled', '{event}', 'Room events that were missing and read from the log', 'owner');

/** What becomes of one room event at this gateway, for those who run the system. */
export class Delivery {
  readonly #gatewayId: string;
  readonly #owner: RoomOwner;
  readonly #origin: string | undefined;
  readonly #span: OpenSpan | undefined;

  constructor(gatewayId: string, owner: RoomOwner, { meta, span }: RoomEventFrame) {
    this.#gatewayId = gatewayId;
    this.#owner = owner;
    this.#origin = meta.origin;
    this.#span = span;
  }

  /** How many sockets is counted only where it is recorded. */
  told(event: string, countSockets: () => number): void {
    delivered.add(1, event);
    const took = sinceOrigin(this.#origin, this.#gatewayId);
    if (took !== undefined) durations.record(took, event);
    this.#span?.end(undefined, { 'switchboard.sockets': countSockets() });
  }

  /** Not meant for sockets. */
  ignored(): void {
    this.#span?.end(undefined, { 'switchboard.sockets': 0 });
  }

  held(): void {
    held.add(1, this.#owner);
  }

  repeated(): void {
    repeated.add(1, this.#owner);
    this.#span?.end(undefined, { 'switchboard.repeated': true });
  }
}

// They exist before they count: a rate sees no first one that comes out of nothing.
export const beginCounting = (owners: readonly RoomOwner[]): void => {
  for (const owner of owners) for (const counts of [repeated, held, filled]) counts.add(0, owner);
};

/** An entry came from the log in place of an event that was lost. */
export const countFilled = (owner: RoomOwner, entries: number): void => { filled.add(entries, owner); };
