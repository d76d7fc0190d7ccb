import type { Actor, ChatFacts, SocketRef } from '@switchboard/shared/contracts';

/** A user's arrival or departure in a chat. */
export interface Presence {
  readonly chatId: string;
  readonly userId: number;
}

/**
 * One row per joined socket. A user is active in a chat while any of their sockets is; a dropped one counts until its
 * grace is over. Failures: UNAVAILABLE and BUSY when Postgres is down or slow.
 */
export interface PresenceStore {
  /** True: it is the user's first socket in the chat. */
  enter(presence: Presence, socket: SocketRef): Promise<boolean>;
  /** True: it was the user's last socket in the chat. */
  leave(presence: Presence, socketId: string): Promise<boolean>;
  /** The socket's transport dropped: it counts for `graceMs` more. True: the user has no other socket here that is there. */
  drop(presence: Presence, socketId: string, graceMs: number): Promise<boolean>;
  activeUsers(chatId: string): Promise<number[]>;
  /** False: the lease was not held here (any more); of the gateway's sockets only those are that have been entered since. */
  renewLease(gatewayId: string): Promise<boolean>;
  /** Takes out the sockets whose grace is over; returns who is gone with them. */
  removeDropped(): Promise<Presence[]>;
  /** Takes out the gateways not renewed for `leaseMs`, with their sockets; returns who is gone with them. */
  removeExpired(leaseMs: number): Promise<Presence[]>;
  isReady(): Promise<boolean>;
}

export interface ChatAccess {
  /** Throws CHAT_NOT_FOUND alike for a chat that does not exist and for one that is not the actor's. */
  requireAccess(actor: Actor, chatId: string): Promise<ChatFacts>;
}
