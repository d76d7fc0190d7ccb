import type { Actor, FileSignature, Message, MessageCreated, Role } from '@switchboard/shared/contracts';

/** One row of the message table. */
export interface StoredMessage {
  readonly id: string;
  readonly chatId: string;
  readonly seq: number;
  readonly senderId: number;
  readonly senderEmail: string;
  readonly senderRole: Role;
  readonly text: string | null;
  readonly fileId: string | null;
  readonly replyToId: string | null;
  readonly clientMessageId: string | null;
  readonly createdAt: Date;
}

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
  sender: { id: message.senderId, email: message.senderEmail, role: message.senderRole },
});
