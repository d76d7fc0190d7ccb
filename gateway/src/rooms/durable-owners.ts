import type { RoomOwner } from '@switchboard/shared/contracts';

/** An owner with a log. Presence has none. */
export type DurableOwner = Exclude<RoomOwner, 'presence'>;
export const DURABLE_OWNERS = ['chat', 'message'] as const satisfies readonly DurableOwner[];

/** A `rev` of each log. */
export type Revs = Readonly<Record<DurableOwner, number>>;
