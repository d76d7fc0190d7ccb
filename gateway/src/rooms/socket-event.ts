import { roomEvents, type LogEntry, type RoomEventContract } from '@switchboard/shared/contracts';
import type { ChatSocket } from '../connection/sockets.ts';
import type { DurableOwner } from './durable-owners.ts';

/** A log entry as sockets receive it. */
export interface SocketEvent {
  readonly owner: DurableOwner;
  readonly rev: number;
  readonly event: string;
  readonly payload: unknown;
  /** Who does not receive it. */
  readonly except: Except | undefined;
}

/** All sockets of a user, or one socket. */
export type Except = { readonly userId: number } | { readonly socketId: string };

export const isExcepted = (except: Except, { id, data }: ChatSocket): boolean =>
  'userId' in except ? except.userId === data.actor.id : except.socketId === id;

/** Who does not receive the event that this author, or this socket, caused. */
export function exceptOf(
  { to }: RoomEventContract,
  author: number | undefined,
  socketId: string | undefined,
): Except | undefined {
  if (to === 'others') return author === undefined ? undefined : { userId: author };
  return to === 'otherSockets' && socketId !== undefined ? { socketId } : undefined;
}

export const contractOf: ReadonlyMap<string, RoomEventContract> = new Map(
  roomEvents.map((contract) => [contract.event, contract]),
);

/** Undefined for an entry that is not for sockets, or of an unknown kind. */
export function toSocketEvent(
  owner: DurableOwner,
  { event, rev, author, socketId, payload }: LogEntry,
): SocketEvent | undefined {
  const contract = contractOf.get(event);
  if (contract?.socket !== true) return undefined;
  return { owner, rev, event: contract.socketEvent, payload, except: exceptOf(contract, author, socketId) };
}
