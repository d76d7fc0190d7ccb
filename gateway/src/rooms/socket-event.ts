import { roomEvents, type LogEntry, type RoomEventContract } from '@switchboard/shared/contracts';
import type { DurableOwner } from './durable-owners.ts';

/** A log entry as sockets receive it. */
export interface SocketEvent {
  readonly owner: DurableOwner;
  readonly rev: number;
  readonly event: string;
  readonly payload: unknown;
  /** The user whose sockets do not receive it. */
  readonly except: number | undefined;
}

export const contractOf: ReadonlyMap<string, RoomEventContract> = new Map(
  roomEvents.map((contract) => [contract.event, contract]),
);

/** Undefined for an entry that is not for sockets, or of an unknown kind. */
export function toSocketEvent(
  owner: DurableOwner,
  { event, rev, author, payload }: LogEntry,
): SocketEvent | undefined {
  const contract = contractOf.get(event);
  if (contract?.socket !== true) return undefined;
  return { owner, rev, event, payload, except: contract.to === 'others' ? author : undefined };
}
