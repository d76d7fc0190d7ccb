import type { Actor } from './values.ts';

/**
 * The one rule of access: a client enters their own chats, an admin any. Applied by each owner to its own
 * row.
 */
export const mayEnter = (actor: Actor, chat: { clientId: number }): boolean =>
  mayEnterAny(actor) || actor.id === chat.clientId;

/**
 * The same rule for statements that must not lock what is not the actor's: they compare the client
 * themselves.
 */
export const mayEnterAny = ({ role }: Pick<Actor, 'role'>): boolean => role === 'admin';
