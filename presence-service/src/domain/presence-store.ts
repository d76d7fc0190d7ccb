import type { Actor, ChatFacts, SocketRef, Trace } from '@switchboard/shared/contracts';

/** A user's arrival or departure in a chat. */
export interface Presence {
  readonly chatId: string;
  readonly userId: number;
}

/** A gateway's word that it lives. */
export interface Lease {
  readonly gatewayId: string;
  readonly leaseId: string;
  /** How often it was renewed; 0: only sockets have been entered. */
  readonly renewals: number;
}

/**
 * One row per joined socket. A user is active in a chat while any of their sockets is; a dropped one counts until its
 * grace is over. What a gateway tells of a socket is taken unless something with a higher turn was taken before.
 * Failures: UNAVAILABLE and BUSY when Postgres is down or slow.
 */
export interface PresenceStore {
  /** `isFirst`: it is the user's first socket in the chat. */
  enter(presence: Presence, socket: SocketRef, turn: number): Promise<{ leaseId: string; isFirst: boolean }>;
  /** True: it was the user's last socket in the chat. */
  leave(presence: Presence, socket: SocketRef, turn: number): Promise<boolean>;
  /** The socket's transport dropped. True: the user has no other socket here that is there. */
  drop(presence: Presence, socket: SocketRef, turn: number): Promise<boolean>;
  activeUsers(chatId: string): Promise<number[]>;
  /** Returns the id of the lease. */
  renewLease(gatewayId: string): Promise<string>;
  leases(): Promise<Lease[]>;
  /** Takes out sockets that dropped `graceMs` ago or earlier, some thousands at a time; returns who is gone with them. */
  removeDropped(graceMs: number): Promise<Presence[]>;
  /** Takes out these gateways, unless renewed meanwhile, with their sockets; returns who is gone with them. */
  removeExpired(leases: readonly Lease[]): Promise<Presence[]>;
  /** Forgets sockets that left `ageMs` ago or earlier: nothing that was told of them can still be under way. */
  forgetDeparted(ageMs: number): Promise<void>;
  isReady(): Promise<boolean>;
}

export interface ChatAccess {
  /** Throws CHAT_NOT_FOUND alike for a chat that does not exist and for one that is not the actor's. */
  requireAccess(actor: Actor, chatId: string, trace: Trace): Promise<ChatFacts>;
}
