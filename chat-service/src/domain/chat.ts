import type { Actor, ChatStatus } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';

/** A chat's state, as decisions see it. */
export interface ChatState {
  readonly id: string;
  readonly clientId: number;
  readonly adminId: number | undefined;
  readonly status: ChatStatus;
}

export interface Change {
  readonly status?: ChatStatus | undefined;
  readonly adminId?: number | undefined;
}

const NEXT: Readonly<Record<ChatStatus, readonly ChatStatus[]>> = {
  PENDING: ['ACTIVE', 'CLOSED'],
  ACTIVE: ['CLOSED', 'PENDING'],
  CLOSED: ['PENDING'],
};

/** Whose chat an actor opens. Throws FORBIDDEN for a client who names another, VALIDATION for an admin who names nobody. */
export function clientOfNewChat(actor: Actor, clientId: number | undefined): number {
  if (actor.role === 'client') {
    if (clientId !== undefined && clientId !== actor.id) throw new Failure('FORBIDDEN');
    return actor.id;
  }
  if (clientId === undefined) throw new Failure('VALIDATION', { issues: [{ path: 'clientId', problem: 'an admin opens a chat for a client' }] });
  return clientId;
}

/** Throws FORBIDDEN unless the actor is an admin, or a client who does nothing but close. Access is judged before. */
export function requireMayChange(actor: Actor, change: Change): void {
  if (actor.role === 'admin') return;
  if (change.status !== 'CLOSED' || change.adminId !== undefined) throw new Failure('FORBIDDEN');
}

/**
 * The chat after a change. Throws CHAT_CONFLICT, with the status and the owner as they are, when the change is not legal.
 * An active chat has an admin: who activates it without naming one takes it. A chat that goes back
 * to waiting has none, unless one is named.
 */
export function decideChange(chat: ChatState, change: Change, actor: Actor): ChatState {
  const { status = chat.status } = change;
  const legal = change.status === undefined ? chat.status !== 'CLOSED' : NEXT[chat.status].includes(change.status);
  if (!legal) throw new Failure('CHAT_CONFLICT', { status: chat.status, adminId: chat.adminId });
  return { ...chat, status, adminId: adminAfter(chat, change, actor) };
}

function adminAfter(chat: ChatState, change: Change, actor: Actor): number | undefined {
  if (change.adminId !== undefined) return change.adminId;
  if (change.status === 'PENDING') return undefined;
  if (change.status === 'ACTIVE') return chat.adminId ?? actor.id;
  return chat.adminId;
}

/**
 * Whether a change asks for what is already so: then it may be the repeat of one whose answer was lost. Who claims without
 * naming an admin asks for themselves.
 */
export function asksForWhatIs(chat: ChatState, change: Change, actor: Actor): boolean {
  const adminId = change.adminId ?? (change.status === 'ACTIVE' ? actor.id : chat.adminId);
  return (change.status ?? chat.status) === chat.status && adminId === chat.adminId;
}
