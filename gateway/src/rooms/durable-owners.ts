import type { RoomOwner } from '@switchboard/shared/contracts';

/** An owner with a log. Presence has none. */
export type DurableOwner = Exclude<RoomOwner, 'presence'>;
/** Messages first: a socket that joins receives a close behind the messages. */
export const DURABLE_OWNERS = ['message', 'chat'] as const satisfies readonly DurableOwner[];

/** A `rev` of each log. */
export type Revs = Readonly<Record<DurableOwner, number>>;
