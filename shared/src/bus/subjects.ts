import type { Owner, RequestSubject, RoomOwner } from '../contracts/define.ts';
import { ChatId } from '../contracts/values.ts';

// Every subject is spelled here or is a constant of a contract. A chat id is validated again, so that no
// client input becomes a subject.

/**
 * A room event's subject. It contains the owner, so that NATS permissions bind services to their own
 * events.
 */
export const roomSubject = (chatId: string, owner: RoomOwner): string =>
  `room.${ChatId.parse(chatId)}.${owner}`;

/** A room event's subject in telemetry, without the id. */
export const roomTemplate = (owner: RoomOwner): string => `room.{chatId}.${owner}`;

/** All events of one room. */
export const roomWildcard = (chatId: string): string => `room.${ChatId.parse(chatId)}.*`;

export function ownerOfRoomSubject(subject: string): RoomOwner | undefined {
  const owner = subject.slice(subject.lastIndexOf('.') + 1);
  return owner === 'chat' || owner === 'message' || owner === 'presence' ? owner : undefined;
}

const OWNERS: Readonly<Record<Owner, true>> = { chat: true, message: true, presence: true, webhook: true };
const isOwner = (token: string | undefined): token is Owner =>
  token !== undefined && Object.hasOwn(OWNERS, token);

export function ownerOf(subject: RequestSubject): Owner {
  const [first, second] = subject.split('.');
  const owner = first === 'internal' ? second : first;
  if (!isOwner(owner)) throw new Error(`bus: no service owns the subject ${subject}`);
  return owner;
}

/** The queue group of a request's owner: one replica replies. */
export const queueOf = (subject: RequestSubject): string => serviceOf(ownerOf(subject));

/** The name of the owner's service, also its NATS user. */
export const serviceOf = (owner: Owner): string => `${owner}-service`;

/** The same request, for one replica of the owner. */
export const addressedSubject = (subject: RequestSubject, replica: string): string => `${subject}.${replica}`;

/** Where the replicas of an owner announce themselves. */
export const announcementSubject = (owner: Owner): string => `replicas.${owner}`;

/** Subscribed by the replica alone: NATS replies "no responders" once the replica is gone. */
export const probeSubject = (owner: Owner, replica: string): string => `replicas.${owner}.${replica}`;

/** Where a process receives replies. The server lets a user subscribe only below its own name. */
export const inboxSubject = (user: string, processId: string, token: number | string): string =>
  `_INBOX.${user}.${processId}.${token}`;

/** The last token of an inbox subject. */
export const inboxToken = (subject: string): string => subject.slice(subject.lastIndexOf('.') + 1);

/** The token of the inbox where NATS replies to the probe of a replica. */
export const probeToken = (owner: Owner, replica: string): string => `probe-${owner}-${replica}`;

const PROBE = /^probe-(?<owner>[a-z]+)-(?<replica>[0-9a-f]+)$/;

/** Undefined for the token of a batch, which is a number. */
export function readProbeToken(token: string): { owner: Owner; replica: string } | undefined {
  const { owner, replica } = PROBE.exec(token)?.groups ?? {};
  return isOwner(owner) && replica !== undefined ? { owner, replica } : undefined;
}
