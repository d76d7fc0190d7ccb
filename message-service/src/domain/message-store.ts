import type { Actor, ChatFacts, ChatStatus, FileInfo, Heads, LogEntry, Message, messagesRead, NewMessage, PayloadOf, Trace } from '@switchboard/shared/contracts';

export interface Snapshot {
  readonly status: ChatStatus;
  readonly messages: Message[];
  /** The log positions that it stands for. */
  readonly revs: { readonly chat: number; readonly message: number };
}

/** What came after a point of the log, as far as it fits a page. */
export interface CatchUp extends Snapshot {
  readonly reads: PayloadOf<typeof messagesRead>[];
  readonly hasMore: boolean;
  /** Where the next page begins. */
  readonly cursor?: string;
  readonly chatRevThen?: number;
}

export interface MessagePage {
  readonly messages: Message[];
  readonly nextCursor?: string;
}

/** What was newly read, to be told. */
export interface ReadMarks {
  readonly messageIds: readonly string[];
  readonly entry: LogEntry | undefined;
}

/**
 * What the handlers need of the store. Every method that takes an actor judges access itself, on the row that it reads or
 * locks, and comes back undefined when there is no row of the chat here that is theirs to enter.
 * Failures: UNAVAILABLE and BUSY when Postgres is down or slow.
 */
export interface MessageStore {
  snapshot(actor: Actor, chatId: string, limit: number): Promise<Snapshot | undefined>;
  /** What came after a message, or after a page of that. `lost`: the point is unknown or too far back. */
  catchUp(actor: Actor, chatId: string, from: { after?: string; cursor?: string }, limit: number): Promise<CatchUp | 'lost' | undefined>;
  list(actor: Actor, chatId: string, page: { limit: number; cursor?: string }): Promise<MessagePage | undefined>;
  /** Throws MESSAGE_NOT_FOUND when one of them is not in the chat, and then none is marked. */
  markRead(actor: Actor, chatId: string, messageIds: readonly string[], trace: Trace): Promise<ReadMarks | undefined>;
  readLog(chatId: string, after: number, limit: number): Promise<{ entries: LogEntry[]; hasMore: boolean }>;
  heads(chatIds: readonly string[]): Promise<Heads>;
  isReady(): Promise<boolean>;
}

/** Leave for one transfer of a file's bytes, as the URL at which this process takes or gives them for a minute. */
export interface TransferTickets {
  grantPut(file: { fileId: string; ownerId: number; name: string; contentType: string }): string;
  grantGet(fileId: string): string;
}

export interface FileStore {
  add(file: FileInfo & { ownerId: number }): Promise<void>;
  /** The file, if the actor uploaded it or may enter a chat where it was sent. */
  findFor(actor: Actor, fileId: string): Promise<FileInfo | undefined>;
  find(fileId: string): Promise<FileInfo | undefined>;
}

/** What came of a send: `entry` is to be told to the room; a repeat has none. */
export interface Sent {
  readonly message: Message;
  readonly entry: LogEntry | undefined;
}

export interface MessageSender {
  /**
   * Resolves after COMMIT; undefined: there is no row of this chat here that is the sender's to enter. Throws CHAT_CLOSED,
   * MESSAGE_NOT_FOUND, FILE_NOT_FOUND and DUPLICATE_KEY, and then nothing is stored.
   */
  send(sender: Actor, chatId: string, message: NewMessage, cause: Cause): Promise<Sent | undefined>;
}

/** For the sake of which request something is done. */
export interface Cause {
  readonly trace: Trace;
  /** Nobody waits for it any more. */
  readonly isExpired: boolean;
}

/** The chats that this service knows of by following chat-service. */
export interface ChatDirectory {
  /** Asks chat-service for a chat of which nothing here is the actor's, and keeps it if it is. */
  lookUp(actor: Actor, chatId: string, trace: Trace): Promise<ChatFacts | undefined>;
  take(chats: readonly ChatFacts[]): Promise<void>;
}
