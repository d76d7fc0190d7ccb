import type {
  Actor,
  CatchUpLists,
  ChatFacts,
  ChatStatus,
  FileInfo,
  Heads,
  HistoryPoint,
  LogEntry,
  Message,
  messageEvents,
  NewMessage,
  Placement,
  ReadMark,
  Trace,
} from '@switchboard/shared/contracts';
import type { DecideChange } from './change-message.ts';
import type { TimelineMessages } from './timeline.ts';

export interface Snapshot {
  readonly status: ChatStatus;
  readonly messages: Message[];
  /** Of every user who has one. */
  readonly readMarks: ReadMark[];
  /** The log positions at which this state was read. */
  readonly revs: { readonly chat: number; readonly message: number };
}

/** One page of the entries since a point of the log. */
export interface CatchUp extends Snapshot, Omit<Readonly<CatchUpLists<typeof messageEvents>>, 'readMarks'> {
  readonly hasMore: boolean;
  /** Reads the next page. */
  readonly cursor?: string;
  /** The chat's version when the message at the starting point was appended. */
  readonly chatRevThen?: number;
}

export interface MessagePage {
  readonly messages: Message[];
  readonly nextCursor?: string;
}

/** The outcome of marking messages as read. */
export interface MarkedRead {
  /** Every requested message, once. */
  readonly messageIds: readonly string[];
  /** To be published to the room: the newly read messages, and the mark if it moved. */
  readonly entries: readonly LogEntry[];
}

/** The outcome of moving a read mark. */
export interface MovedMark {
  /** As it stands; undefined: nothing is read yet. */
  readonly mark: ReadMark | undefined;
  readonly unread: number;
  /** To be published to the room; none if the mark did not move. */
  readonly entries: readonly LogEntry[];
}

/** The kinds of entries that tell of a changed message. */
export type MessageChangeKind =
  | typeof messageEvents.messageEdited
  | typeof messageEvents.messageDeleted
  | typeof messageEvents.messageReacted;

export interface ChangedMessage {
  readonly message: Message;
  /** To be published to the room; undefined: there was nothing to change. */
  readonly entry: LogEntry | undefined;
}

/**
 * Messages, read marks and their log. A method with an actor checks access itself, on the chat's row that it
 * reads or locks. It returns undefined if no row here gives the actor access. Throws UNAVAILABLE or BUSY when
 * Postgres is down or slow.
 */
export interface MessageStore {
  snapshot(actor: Actor, chatId: string, limit: number): Promise<Snapshot | undefined>;
  /** The entries since a message or since the last page. `lost`: the point is unknown or too far back. */
  catchUp(
    actor: Actor,
    chatId: string,
    from: { after?: HistoryPoint; cursor?: string },
    limit: number,
  ): Promise<CatchUp | 'lost' | undefined>;
  list(
    actor: Actor,
    chatId: string,
    page: { limit: number; cursor?: string },
  ): Promise<MessagePage | undefined>;
  /** The last `limit` messages before a `seq`; undefined: before the end. */
  timelineMessages(
    actor: Actor,
    chatId: string,
    before: number | undefined,
    limit: number,
  ): Promise<TimelineMessages | undefined>;
  /** Where the entries of chat-service's log from `since` + 1 to `upTo` stand; the projection holds them. */
  placements(chatId: string, since: number, upTo: number): Promise<Placement[]>;
  /** Throws MESSAGE_NOT_FOUND and marks none if one of the messages is not in the chat. */
  markRead(
    actor: Actor,
    chatId: string,
    messageIds: readonly string[],
    trace: Trace,
  ): Promise<MarkedRead | undefined>;
  readUpTo(actor: Actor, chatId: string, seq: number, trace: Trace): Promise<MovedMark | undefined>;
  /** Throws MESSAGE_NOT_FOUND and what `decide` throws, and then changes nothing. */
  change(
    actor: Actor,
    message: { readonly chatId: string; readonly messageId: string },
    kind: MessageChangeKind,
    decide: DecideChange,
    trace: Trace,
  ): Promise<ChangedMessage | undefined>;
  readLog(chatId: string, after: number, limit: number): Promise<{ entries: LogEntry[]; hasMore: boolean }>;
  heads(chatIds: readonly string[]): Promise<Heads>;
  isReady(): Promise<boolean>;
}

/** Grants tickets: URLs at which this process accepts or serves a file's bytes for a minute. */
export interface TransferTickets {
  grantPut(file: { fileId: string; ownerId: number; name: string; contentType: string }): string;
  grantGet(fileId: string): string;
  /** For the gateway that has just put the file: valid until its request must have ended. */
  grantRemove(fileId: string): string;
}

export interface FileStore {
  add(file: FileInfo & { ownerId: number }): Promise<void>;
  /** The file, if the actor uploaded it or may enter a chat where it was sent. */
  findFor(actor: Pick<Actor, 'id' | 'role'>, fileId: string): Promise<FileInfo | undefined>;
  find(fileId: string): Promise<FileInfo | undefined>;
  /**
   * The next files, in the order of their ids, that are a day old; `unsent`: those that no message has.
   * `last`: the last id; undefined at the end.
   */
  listOld(after: string | undefined, limit: number): Promise<{ unsent: string[]; last: string | undefined }>;
  /** Takes a file whose id no one was told from its owner: no message can take it any more. */
  withdraw(fileId: string): Promise<void>;
  /** The same for files that no message has. Returns them. */
  withdrawUnsent(fileIds: readonly string[]): Promise<string[]>;
  /** Deletes the row of a file that was withdrawn. */
  forget(fileId: string): Promise<void>;
}

/** A committed message. */
export interface Sent {
  readonly message: Message;
  /** To be published to the room; undefined for a repeat. */
  readonly entry: LogEntry | undefined;
}

export interface MessageSender {
  /**
   * Resolves after COMMIT; undefined: no row here gives the sender access to the chat. Throws CHAT_CLOSED,
   * MESSAGE_NOT_FOUND, FILE_NOT_FOUND or DUPLICATE_KEY, and then stores nothing.
   */
  send(sender: Actor, chatId: string, message: NewMessage, cause: Cause): Promise<Sent | undefined>;
}

/** The request on whose behalf a message is sent. */
export interface Cause {
  readonly trace: Trace;
  /** The request's deadline has passed. */
  readonly isExpired: boolean;
}

/** Local copy of chat-service's chats, kept by following its log. */
export interface ChatProjection {
  /** Requests a chat from chat-service and stores it if the actor may enter it. */
  lookUp(actor: Actor, chatId: string, trace: Trace): Promise<ChatFacts | undefined>;
  apply(chats: readonly ChatFacts[]): Promise<void>;
}
