import type { RoomOwner } from '../contracts/define.ts';
import { ChatId } from '../contracts/values.ts';

// Every subject is spelled here or is a constant of a contract. A chat id is checked again, so that nothing a
// client wrote ever becomes a subject.

/** A room event's subject: `room.<chatId>.<owner>`. The owner is in the subject so that the server can hold services to it. */
export const roomSubject = (chatId: string, owner: RoomOwner): string => `room.${ChatId.parse(chatId)}.${owner}`;

/** A room event's subject as it reads in telemetry, where no id has a place. */
export const roomTemplate = (owner: RoomOwner): string => `room.{chatId}.${owner}`;

/** All events of one room. */
export const roomWildcard = (chatId: string): string => `room.${ChatId.parse(chatId)}.*`;

export function ownerOfRoomSubject(subject: string): RoomOwner | undefined {
  const owner = subject.slice(subject.lastIndexOf('.') + 1);
  return owner === 'chat' || owner === 'message' || owner === 'presence' ? owner : undefined;
}

/** The queue group of a request's owner: one replica answers. */
export function queueOf(subject: string): string {
  const tokens = subject.split('.');
  return `${(tokens[0] === 'internal' ? tokens[1] : tokens[0]) ?? ''}-service`;
}

/** Where a process hears its answers: `_INBOX.<user>.<process>.<batch>`; the server lets a user hear only its own. */
export const inboxSubject = (user: string, processId: string, batch: number | '*'): string => `_INBOX.${user}.${processId}.${batch}`;
