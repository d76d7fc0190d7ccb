import { chatEvents, logEntry, type LogEntry } from '@switchboard/shared/contracts';
import type { ChatState } from './chat.ts';

/** When a change was made, and the user who made it: facts of each of its entries. */
export interface Origin {
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  readonly by: number;
}

/**
 * The entries of a change, from `rev` + 1 on: of the status, and of the admin if the chat has another one.
 */
export function entriesOf(before: ChatState, after: ChatState, rev: number, origin: Origin): LogEntry[] {
  const { id: chatId, status, adminId } = after;
  const entries: LogEntry[] = [];
  if (status !== before.status)
    entries.push(logEntry(chatEvents.chatStatusChanged, rev + 1, { chatId, status, adminId, ...origin }));
  if (adminId !== undefined && adminId !== before.adminId)
    entries.push(logEntry(chatEvents.chatAssigned, rev + entries.length + 1, { chatId, adminId, ...origin }));
  return entries;
}
