import type {
  Actor,
  Chat,
  ChatFacts,
  ChatStatus,
  Heads,
  LogEntry,
  Placement,
  Trace,
} from '@switchboard/shared/contracts';
import type { Change } from './chat.ts';

/** A committed change that message-service may not hold. */
export interface Unconfirmed {
  readonly facts: ChatFacts;
  /** The places of the entries behind this `rev` are not known. */
  readonly since: number;
  /** To be published. */
  readonly entries: readonly LogEntry[];
}

export interface Changed extends Unconfirmed {
  readonly chat: Chat;
}

/** The place of a change in the order in which they were made. */
export interface UnconfirmedKey {
  readonly changedAt: Date;
  readonly chatId: string;
}

export interface Opening {
  readonly clientId: number;
  /** A repeat with the same key returns the chat that the first one opened. */
  readonly idempotencyKey?: string | undefined;
}

export interface Opened {
  readonly chat: Chat;
  readonly isRepeat: boolean;
}

export interface ChatPage {
  readonly chats: Chat[];
  readonly nextCursor?: string;
}

/** Chats and their log. Failures: UNAVAILABLE and BUSY when Postgres is down or slow. */
export interface ChatStore {
  /** Throws TOO_MANY_CHATS; then nothing changes. */
  open(opening: Opening, trace: Trace): Promise<Opened>;
  find(chatId: string): Promise<Chat | undefined>;
  list(filter: { clientId?: number; status?: ChatStatus; limit: number; cursor?: string }): Promise<ChatPage>;
  /**
   * Changes the chat under its lock. Throws CHAT_NOT_FOUND, FORBIDDEN, VALIDATION and CHAT_CONFLICT; then
   * nothing changes. `entries`: those that no reply has confirmed, of earlier changes too.
   */
  change(chatId: string, change: Change, actor: Actor, trace: Trace): Promise<Changed>;
  /**
   * Records that message-service holds this version, and where entries stand: a place that is stored never
   * changes.
   */
  confirm(chatId: string, version: number, placements: readonly Placement[]): Promise<void>;
  /** Changes behind `after` that are at least this old and not confirmed, the oldest first. */
  listUnconfirmed(
    minAgeMs: number,
    after: UnconfirmedKey | undefined,
    limit: number,
  ): Promise<(Unconfirmed & { readonly key: UnconfirmedKey })[]>;
  /** Whether the chat's last change is not confirmed and younger than this. */
  isBeingPlaced(chatId: string, maxAgeMs: number): Promise<boolean>;
  facts(chatId: string): Promise<ChatFacts | undefined>;
  changesAfter(
    cursor: string | undefined,
    limit: number,
  ): Promise<{ chats: ChatFacts[]; cursor?: string; hasMore: boolean }>;
  readLog(chatId: string, after: number, limit: number): Promise<{ entries: LogEntry[]; hasMore: boolean }>;
  heads(chatIds: readonly string[]): Promise<Heads>;
  /** Throws UNAVAILABLE or BUSY when the database does not reply. */
  isReady(): Promise<boolean>;
}
