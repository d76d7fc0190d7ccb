import type {
  Actor,
  FileInfo,
  FileSignature,
  Message,
  MessageCreated,
  Reaction,
  Role,
} from '@switchboard/shared/contracts';

/** One row of the message table. */
export interface StoredMessage {
  readonly id: string;
  readonly chatId: string;
  readonly seq: number;
  readonly senderId: number;
  readonly senderEmail: string;
  readonly senderRole: Role;
  readonly senderName: string | null;
  readonly text: string | null;
  readonly fileId: string | null;
  readonly replyToId: string | null;
  readonly clientMessageId: string | null;
  readonly createdAt: Date;
  /** Grows with every change. */
  readonly version: number;
  /** The version in which the text became what it is. */
  readonly textVersion: number;
  /** The last entry of the log that changed it; null: none. */
  readonly changedRev: number | null;
  readonly editedAt: Date | null;
  readonly deletedAt: Date | null;
  readonly deletedBy: number | null;
  readonly reactions: readonly Reaction[] | null;
  /** Of its file, from the file's own row. */
  readonly file: FileInfo | null;
}

/** A message that was just sent has not changed. */
export const UNCHANGED = {
  version: 1,
  textVersion: 1,
  changedRev: null,
  editedAt: null,
  deletedAt: null,
  deletedBy: null,
  reactions: null,
} as const satisfies Partial<StoredMessage>;

/** A stored message with the one it replies to. */
export interface Thread {
  readonly message: StoredMessage;
  readonly replyTo: StoredMessage | undefined;
}

export type UrlOfFile = (fileId: string) => string;

/**
 * Whose access a `fileUrl` gives. `anyone`: a gateway of the version before delivered it, to all receivers
 * alike.
 */
export type FileUrlHolder = Pick<Actor, 'id' | 'role'> | 'anyone';
/** Undefined for a `fileUrl` that is not valid. */
export type HolderOfFileUrl = (fileId: string, proof: FileSignature) => FileUrlHolder | undefined;

/** The message as members see it, with fresh file URLs; `replyTo` is one level deep. */
export const render = ({ message, replyTo }: Thread, urlOf: UrlOfFile): Message => ({
  ...renderPlain(message, urlOf),
  replyTo: replyTo && renderPlain(replyTo, urlOf),
});

const renderPlain = (message: StoredMessage, urlOf: UrlOfFile): Omit<Message, 'replyTo'> => ({
  ...common(message),
  fileUrl: message.fileId === null ? undefined : urlOf(message.fileId),
});

/** The message as other systems receive it: a file is its id, which does not expire. */
export const renderCreated = (message: StoredMessage): MessageCreated => ({
  ...common(message),
  fileId: message.fileId ?? undefined,
});

const common = (message: StoredMessage): Omit<MessageCreated, 'fileId'> => ({
  id: message.id,
  chatId: message.chatId,
  seq: message.seq,
  senderId: message.senderId,
  text: message.text ?? undefined,
  replyToId: message.replyToId ?? undefined,
  clientMessageId: message.clientMessageId ?? undefined,
  createdAt: message.createdAt.toISOString(),
  sender: {
    id: message.senderId,
    email: message.senderEmail,
    role: message.senderRole,
    name: message.senderName ?? undefined,
  },
  file: message.file ?? undefined,
  version: message.version,
  editedAt: message.editedAt?.toISOString(),
  deletedAt: message.deletedAt?.toISOString(),
  deletedBy: message.deletedBy ?? undefined,
  reactions: message.reactions === null ? undefined : [...message.reactions],
});
