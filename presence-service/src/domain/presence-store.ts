import type { Actor, ChatFacts, SocketRef, Trace } from '@switchboard/shared/contracts';

/** A user in a chat. */
export interface Presence {
  readonly chatId: string;
  readonly userId: number;
}

/** Keeps a gateway's sockets counted as joined until it expires. */
export interface Lease {
  readonly gatewayId: string;
  readonly leaseId: string;
  /** How often the gateway renewed it. 0: only sockets have entered so far. */
  readonly renewals: number;
}

/**
 * One row per joined socket. A user is active in a chat while any of their sockets is joined; a dropped
 * socket counts until its grace period ends. A change of a socket applies unless one with a higher sequence
 * number was applied before. Failures: UNAVAILABLE and BUSY when Postgres is down or slow.
 */
export interface PresenceStore {
  /** `isFirst`: this is the user's first socket in the chat. */
  enter(
    presence: Presence,
    socket: SocketRef,
    sequence: number,
  ): Promise<{ leaseId: string; isFirst: boolean }>;
  /** Returns whether this was the user's last socket in the chat. */
  leave(presence: Presence, socket: SocketRef, sequence: number): Promise<boolean>;
  /**
   * Marks a socket whose transport dropped. Returns whether the user has no other connected socket in the
   * chat.
   */
  drop(presence: Presence, socket: SocketRef, sequence: number): Promise<boolean>;
  activeUsers(chatId: string): Promise<number[]>;
  /** Returns the id of the lease. */
  renewLease(gatewayId: string): Promise<string>;
  leases(): Promise<Lease[]>;
  /**
   * Removes sockets that dropped `graceMs` ago or earlier, some thousands at a time. Returns the users left
   * without a socket.
   */
  removeDropped(graceMs: number): Promise<Presence[]>;
  /**
   * Removes these leases, unless renewed meanwhile, with their sockets. Returns the users left without a
   * socket.
   */
  removeExpired(leases: readonly Lease[]): Promise<Presence[]>;
  /**
   * Deletes the rows of sockets that left `ageMs` ago or earlier: no message about them is still on its way.
   */
  deleteDeparted(ageMs: number): Promise<void>;
  isReady(): Promise<boolean>;
}

export interface ChatProjection {
  /** Throws CHAT_NOT_FOUND, both for a chat that does not exist and for one that is not the actor's. */
  requireAccess(actor: Actor, chatId: string, trace: Trace): Promise<ChatFacts>;
}
