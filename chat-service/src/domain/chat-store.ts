import type { Actor, Chat, ChatFacts, ChatStatus, Heads, LogEntry, Trace } from '@switchboard/shared/contracts';
import type { Change } from './chat.ts';

/** A change that is committed and has yet to be told. */
export interface Changed {
  readonly chat: Chat;
  readonly facts: ChatFacts;
  readonly entry: LogEntry;
}

export interface ChatPage {
  readonly chats: Chat[];
  readonly nextCursor?: string;
}

/** What the handlers need of the store. Failures: UNAVAILABLE and BUSY when Postgres is down or slow. */
export interface ChatStore {
  open(clientId: number, trace: Trace): Promise<Changed>;
  find(chatId: string): Promise<Chat | undefined>;
  list(filter: { clientId?: number; status?: ChatStatus; limit: number; cursor?: string }): Promise<ChatPage>;
  /** Changes the chat under its lock. Throws CHAT_NOT_FOUND, FORBIDDEN and CHAT_CONFLICT, and then nothing has changed. */
  change(chatId: string, change: Change, actor: Actor, trace: Trace): Promise<Changed>;
  /** message-service holds this version: the change may be answered. */
  confirm(chatId: string, version: number): Promise<void>;
  facts(chatId: string): Promise<ChatFacts | undefined>;
  changesAfter(cursor: string | undefined, limit: number): Promise<{ chats: ChatFacts[]; cursor?: string; hasMore: boolean }>;
  readLog(chatId: string, after: number, limit: number): Promise<LogEntry[]>;
  heads(chatIds: readonly string[]): Promise<Heads>;
  /** Whether the database answers. */
  isReady(): Promise<boolean>;
}
