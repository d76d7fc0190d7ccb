import type { Actor, ChatStatus } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';

/** The part of a chat that decides which changes are legal. */
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

/**
 * The client of a new chat. Throws FORBIDDEN for a client who names another client, VALIDATION for an admin
 * who names none.
 */
export function clientOfNewChat(actor: Actor, clientId: number | undefined): number {
  if (actor.role === 'client') {
    if (clientId !== undefined && clientId !== actor.id) throw new Failure('FORBIDDEN');
    return actor.id;
  }
  if (clientId === undefined)
    throw new Failure('VALIDATION', {
      issues: [{ path: 'clientId', problem: 'an admin opens a chat for a client' }],
    });
  return clientId;
}

/** Throws FORBIDDEN unless the actor is an admin, or a client who only closes. Callers check access first. */
export function requireMayChange(actor: Actor, change: Change): void {
  if (actor.role === 'admin') return;
  if (change.status !== 'CLOSED' || change.adminId !== undefined) throw new Failure('FORBIDDEN');
}

/**
 * The chat as the change wants it; the same chat when it already is so, since a repeat is no mistake. An
 * admin for a waiting chat is a claim, with or without `ACTIVE`; a claim that names no admin names the actor.
 * Throws VALIDATION for an admin who cannot be one. Throws CHAT_CONFLICT, with the current status and admin,
 * when the change is not legal.
 */
export function decideChange(chat: ChatState, change: Change, actor: Actor): ChatState {
  requirePossibleAdmin(chat, change);
  const wanted = wantedBy(chat, change, actor);
  if (wanted.status === chat.status && wanted.adminId === chat.adminId) return chat;
  if (!isLegal(chat, wanted, change, actor))
    throw new Failure('CHAT_CONFLICT', { status: chat.status, adminId: chat.adminId });
  return wanted;
}

function requirePossibleAdmin({ clientId }: ChatState, { status, adminId }: Change): void {
  if (adminId === undefined) return;
  if (adminId === clientId) throw noAdmin("the chat's own client cannot be its admin");
  if (status === 'PENDING') throw noAdmin('a chat that waits has no admin; leave adminId out');
}

const noAdmin = (problem: string): Failure =>
  new Failure('VALIDATION', { issues: [{ path: 'adminId', problem }] });

function wantedBy(chat: ChatState, change: Change, actor: Actor): ChatState {
  const isClaim = change.adminId !== undefined && chat.status === 'PENDING';
  const status = change.status ?? (isClaim ? 'ACTIVE' : chat.status);
  if (status === 'PENDING') return { ...chat, status, adminId: undefined };
  const named = change.adminId ?? (change.status === 'ACTIVE' ? actor.id : undefined);
  return { ...chat, status, adminId: named ?? chat.adminId };
}

/**
 * An active chat changes hands when someone gives it to another admin. An admin who names themselves claims:
 * of two claims one wins, however it is spelled.
 */
function isLegal(chat: ChatState, wanted: ChatState, change: Change, actor: Actor): boolean {
  if (wanted.status !== chat.status) return NEXT[chat.status].includes(wanted.status);
  return chat.status === 'ACTIVE' && change.status === undefined && wanted.adminId !== actor.id;
}

export interface OpenLimit {
  /** Chats of one client that are not closed; 0: no limit. */
  readonly maxOpen: number;
}

/** Throws TOO_MANY_CHATS, naming the newest of the client's open chats, when one more is not allowed. */
export function requireMayOpen(open: readonly { readonly id: string }[], { maxOpen }: OpenLimit): void {
  const [newest] = open;
  if (maxOpen > 0 && open.length >= maxOpen)
    throw new Failure('TOO_MANY_CHATS', { limit: maxOpen, chatId: newest?.id });
}
