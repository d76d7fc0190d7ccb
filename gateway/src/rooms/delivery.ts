import { type RoomEventFrame } from '@switchboard/shared/bus';
import { Counter, DurationHistogram, type OpenSpan } from '@switchboard/shared/telemetry';
import { roomEvents, type RoomOwner } from '@switchboard/shared/contracts';
import { sinceOrigin } from '../events/origin.ts';

const durations = new DurationHistogram(
  'switchboard.delivery.duration',
  'From reading a frame to delivering the room event it caused to the sockets of the same gateway',
  ['event'],
);
const delivered = new Counter(
  'switchboard.room_events.delivered',
  '{event}',
  'Room events delivered to the sockets of this gateway',
  'event',
);
const repeated = new Counter(
  'switchboard.room_events.repeated',
  '{event}',
  'Room events received again and dropped',
  'owner',
);
const held = new Counter('switchboard.room_events.held', '{event}', 'Room events held behind a gap', 'owner');
const filled = new Counter(
  'switchboard.room_events.filled',
  '{event}',
  'Room events that were missing and were read from the log',
  'owner',
);

/** The span and the metrics of one room event that this gateway received. */
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

  /** `countSockets` is called only if a span is recorded. */
  delivered(event: string, countSockets: () => number): void {
    delivered.add(1, event);
    const took = sinceOrigin(this.#origin, this.#gatewayId);
    if (took !== undefined) durations.record(took, event);
    this.#span?.end(undefined, { 'switchboard.sockets': countSockets() });
  }

  /** The event is not for sockets. */
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

/** Creates the series at 0, so that `rate()` sees the first increment. */
export const createSeries = (owners: readonly RoomOwner[]): void => {
  for (const owner of owners) for (const counts of [repeated, held, filled]) counts.add(0, owner);
  for (const { event } of roomEvents) {
    delivered.add(0, event);
    durations.createSeries(event);
  }
};

/** Entries were read from the log in place of lost events. */
export const countFilled = (owner: RoomOwner, entries: number): void => {
  filled.add(entries, owner);
};
