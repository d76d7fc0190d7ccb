import { z } from 'zod';
import { ADMIN, AT, CHAT_ID, CLIENT, MESSAGE_ID } from './examples.ts';
import { FileInfo } from './files.ts';
import {
  ChatId,
  FileId,
  IdempotencyKey,
  isStorable,
  MessageId,
  Sender,
  Seq,
  Text,
  Timestamp,
  UserId,
} from './values.ts';

/** One emoji on a message, with the users who reacted with it, the earliest first. */
export const Reaction = z.object({ emoji: z.string(), userIds: z.array(UserId) });
export type Reaction = z.output<typeof Reaction>;

const MessageBase = z.object({
  id: MessageId,
  chatId: ChatId,
  /** Contiguous from 1 in its chat; the order of the history. */
  seq: Seq,
  senderId: UserId,
  text: z.string().optional(),
  replyToId: MessageId.optional(),
  /** The sender's key, for their client app to match it with what it shows already. */
  clientMessageId: z.string().optional(),
  createdAt: Timestamp,
  sender: Sender.optional(),
  file: FileInfo.optional(),
  /** Grows with every change of the message; of two copies the higher one is the newer. */
  version: z.int().positive().default(1),
  editedAt: Timestamp.optional(),
  /** A deleted message is a tombstone: it keeps its place and has neither text nor file. */
  deletedAt: Timestamp.optional(),
  deletedBy: UserId.optional(),
  reactions: z.array(Reaction).optional(),
});
/** `fileUrl`: signed for its receiver, valid for one to two hours, renewed with each read. */
export const PlainMessage = MessageBase.extend({ fileUrl: z.string().optional() });
/** A message as other systems receive it, maybe hours later: a file is its id and its facts. */
export const MessageCreated = MessageBase.extend({ fileId: FileId.optional() });
export type MessageCreated = z.output<typeof MessageCreated>;
/** A message as members receive it: `replyTo` is one level deep. */
export const Message = PlainMessage.extend({ replyTo: PlainMessage.optional() });
export type Message = z.output<typeof Message>;

const newMessage = {
  text: Text.optional(),
  fileId: FileId.optional(),
  replyToId: MessageId.optional(),
  clientMessageId: z.string().min(1).max(64).refine(isStorable).optional(),
};
const hasContent = ({ text, fileId }: { readonly text?: unknown; readonly fileId?: unknown }): boolean =>
  text !== undefined || fileId !== undefined;
const NO_CONTENT = { error: 'text or fileId is needed' };

/** A message to send: text, a file of the sender's, or both. `clientMessageId` is the idempotency key. */
export const NewMessage = z.strictObject(newMessage).refine(hasContent, NO_CONTENT);
export type NewMessage = z.output<typeof NewMessage>;

/** The same over HTTP, where the key may come in the header `Idempotency-Key`. */
export const PostedMessage = z
  .strictObject({
    chatId: ChatId,
    ...newMessage,
    idempotencyKey: IdempotencyKey.pipe(z.string().max(64)).optional(),
  })
  .refine(hasContent, NO_CONTENT)
  .refine(
    ({ clientMessageId, idempotencyKey }) =>
      clientMessageId === undefined || idempotencyKey === undefined || clientMessageId === idempotencyKey,
    { error: 'clientMessageId and Idempotency-Key must be the same' },
  )
  .transform(({ chatId, idempotencyKey, ...message }) => ({
    chatId,
    message: { ...message, clientMessageId: message.clientMessageId ?? idempotencyKey },
  }));

export const MessagesRead = z.object({ chatId: ChatId, userId: UserId, messageIds: z.array(MessageId) });

/** How far a user has read a chat: the highest `seq`. It only grows. */
export const ReadMark = z.object({ chatId: ChatId, userId: UserId, seq: Seq, at: Timestamp });
export type ReadMark = z.output<typeof ReadMark>;

export const MESSAGE = {
  id: MESSAGE_ID,
  chatId: CHAT_ID,
  seq: 12,
  senderId: CLIENT.id,
  text: 'Hello, my order has not arrived.',
  clientMessageId: '5f0c',
  createdAt: AT,
  sender: CLIENT,
  version: 1,
};
export const READ = { chatId: CHAT_ID, userId: ADMIN.id, messageIds: [MESSAGE_ID] };
export const MARK = { chatId: CHAT_ID, userId: ADMIN.id, seq: 12, at: AT };
