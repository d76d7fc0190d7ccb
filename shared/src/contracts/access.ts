import type { Actor } from './values.ts';

/** The one rule of access: a client enters their own chats, an admin any. Applied by each owner to its own row. */
export const mayEnter = (actor: Actor, chat: { clientId: number }): boolean => actor.role === 'admin' || actor.id === chat.clientId;
