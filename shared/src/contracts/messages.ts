import { z } from 'zod';
import { ChatFacts } from './chats.ts';
import { integrationEvent, request, roomEvent } from './define.ts';
import { ADMIN, AT, CHAT_ID, CLIENT, CURSOR, FILE_ID, MESSAGE_ID } from './examples.ts';
import { headsSignal, logContracts, pingContract } from './log.ts';
import { ChatId, ChatStatus, Cursor, FileId, isStorable, MessageId, PageLimit, PageLimitQuery, Rev, Sender, Text, Timestamp, UserId } from './values.ts';

const MessageBase = z.object({
  id: MessageId,
  chatId: ChatId,
  /** Contiguous from 1 in its chat; the order of the history. */
  seq: z.int().positive(),
  senderId: UserId,
  text: z.string().optional(),
  replyToId: MessageId.optional(),
  createdAt: Timestamp,
  sender: Sender.optional(),
});
/** `fileUrl`: signed, good for a while, renewed with each read. */
const PlainMessage = MessageBase.extend({ fileUrl: z.string().optional() });
/** A message as other systems are told of it, maybe hours later: a file is its id. */
export const MessageCreated = MessageBase.extend({ fileId: FileId.optional() });
export type MessageCreated = z.output<typeof MessageCreated>;
/** A message as everyone gets it: `replyTo` is one level deep. */
export const Message = PlainMessage.extend({ replyTo: PlainMessage.optional() });
export type Message = z.output<typeof Message>;

/** What a sender says: words, a file of theirs, or both. `clientMessageId` makes a repeat harmless. */
export const NewMessage = z
  .strictObject({
    text: Text.optional(),
    fileId: FileId.optional(),
    replyToId: MessageId.optional(),
    clientMessageId: z.string().min(1).max(64).refine(isStorable).optional(),
  })
  .refine((message) => message.text !== undefined || message.fileId !== undefined, { error: 'text or fileId is needed' });
export type NewMessage = z.output<typeof NewMessage>;

/** `after`: the last message the client has; `cursor`: where the page before ended. What names no point in the chat is no error. */
const JoinChat = z.strictObject({ chatId: ChatId, after: z.string().max(200).optional(), cursor: z.string().max(200).optional() });
const MessagesRead = z.object({ chatId: ChatId, userId: UserId, messageIds: z.array(MessageId) });
const ReadMessages = z.strictObject({ chatId: ChatId, messageIds: z.array(MessageId).min(1).max(500) });
const ListMessages = z.strictObject({ chatId: ChatId, limit: PageLimit.optional(), cursor: Cursor.optional() });

/** A way to the bytes of a file, straight to the replica that gave it: internal, for one transfer, within a minute. */
const Transfer = z.object({ url: z.url() });

export const FileInfo = z.object({ id: FileId, name: z.string(), contentType: z.string(), size: z.int().nonnegative() });
export type FileInfo = z.output<typeof FileInfo>;

/** Proof that a `fileUrl` was given out: seconds since 1970 until which it is good, and message-service's signature. */
export const FileSignature = z.strictObject({ expires: z.string().regex(/^\d{1,12}$/), signature: z.string().max(100) });
export type FileSignature = z.output<typeof FileSignature>;

const MESSAGE = { id: MESSAGE_ID, chatId: CHAT_ID, seq: 12, senderId: CLIENT.id, text: 'Hello, my order has not arrived.', createdAt: AT, sender: CLIENT };
const READ = { chatId: CHAT_ID, userId: ADMIN.id, messageIds: [MESSAGE_ID] };
const FILE = { id: FILE_ID, name: 'receipt.png', contentType: 'image/png', size: 48_213 };
const TRANSFER = { url: 'http://message-service-1:8080/files/9b1deb4d' };

export const messageContracts = {
  sendMessage: request('message.v1.send', {
    caller: 'user',
    socket: { event: 'sendMessage', reply: 'messageSent', pipelined: true },
    description: 'Appends a message. Acknowledged once committed; a repeat of `clientMessageId` answers with the first message and `deduplicated: true`.',
    payload: z.strictObject({ chatId: ChatId, message: NewMessage }),
    reply: Message.extend({ deduplicated: z.literal(true).optional() }),
    example: { payload: { chatId: CHAT_ID, message: { text: 'Hello, my order has not arrived.', clientMessageId: '5f0c' } }, reply: MESSAGE },
    errors: ['CHAT_NOT_FOUND', 'CHAT_CLOSED', 'MESSAGE_NOT_FOUND', 'FILE_NOT_FOUND', 'DUPLICATE_KEY'],
  }),

  joinChat: request('message.v1.join', {
    caller: 'user',
    description: 'The state from which a socket goes on hearing room events, and the log positions (`revs`) that it stands for: the last 50 messages, oldest first. '
      + 'With `after`, everything since that message instead (`recovered: true`), at most 500 log entries; while `hasMore`, the rest is asked for with `cursor`, page by page, '
      + 'up to where the socket went live. A point that is unknown or too far back gives the last 50 and `recovered: false`. '
      + 'On the socket the gateway completes it: it follows the room first, and adds the changes of status (`statusChanges`).',
    socket: {
      event: 'joinChat', reply: 'joinedChat',
      form: { payload: z.preprocess((data) => (typeof data === 'string' ? { chatId: data } : data), JoinChat), shown: z.union([ChatId, JoinChat]), example: { chatId: CHAT_ID } },
    },
    payload: JoinChat,
    reply: z.object({
      chatId: ChatId,
      status: ChatStatus,
      messages: z.array(Message),
      reads: z.array(MessagesRead).optional(),
      recovered: z.boolean().optional(),
      hasMore: z.boolean().optional(),
      cursor: Cursor.optional(),
      revs: z.object({ chat: Rev, message: Rev }),
      /** How far chat-service's log was known at the point of `after`: what came since is missed by the client too. */
      chatRevThen: Rev.optional(),
    }),
    example: {
      payload: { chatId: CHAT_ID, after: MESSAGE_ID },
      reply: { chatId: CHAT_ID, status: 'ACTIVE', messages: [MESSAGE], reads: [READ], recovered: true, revs: { chat: 2, message: 12 } },
    },
    errors: ['CHAT_NOT_FOUND'],
  }),

  listMessages: request('message.v1.list', {
    caller: 'user',
    description: 'Pages from the newest message back, oldest first within a page.',
    http: { method: 'get', path: '/chats/:chatId/messages', input: ListMessages.extend({ limit: PageLimitQuery.optional() }) },
    payload: ListMessages,
    reply: z.object({ messages: z.array(Message), nextCursor: Cursor.optional() }),
    example: { payload: { chatId: CHAT_ID, limit: 50 }, reply: { messages: [MESSAGE], nextCursor: CURSOR } },
    errors: ['CHAT_NOT_FOUND', 'VALIDATION'],
  }),

  readMessages: request('message.v1.read', {
    caller: 'user',
    description: 'Marks messages as read by the actor; all of them or, if one is not in the chat, none.',
    socket: { event: 'readMessages', reply: 'messagesMarkedRead' },
    payload: ReadMessages,
    reply: z.array(z.object({ id: MessageId, readBy: UserId })),
    example: { payload: { chatId: CHAT_ID, messageIds: [MESSAGE_ID] }, reply: [{ id: MESSAGE_ID, readBy: ADMIN.id }] },
    errors: ['CHAT_NOT_FOUND', 'MESSAGE_NOT_FOUND'],
  }),

  uploadFile: request('message.v1.uploadFile', {
    caller: 'user',
    description: 'Where to PUT the bytes of a new file of the actor\'s; the file exists once they are there, and the PUT answers FileInfo.',
    payload: z.strictObject({ name: z.string().min(1).max(255), contentType: z.string().max(255) }),
    reply: Transfer,
    example: { payload: { name: 'receipt.png', contentType: 'image/png' }, reply: TRANSFER },
    errors: ['VALIDATION'],
  }),

  downloadFile: request('message.v1.downloadFile', {
    caller: 'user',
    description: 'Where to GET the bytes: for the uploader and for whoever may enter a chat where the file was sent.',
    payload: z.strictObject({ fileId: FileId }),
    reply: Transfer.extend({ file: FileInfo }),
    example: { payload: { fileId: FILE_ID }, reply: { ...TRANSFER, file: FILE } },
    errors: ['FILE_NOT_FOUND'],
  }),

  downloadSignedFile: request('message.v1.downloadSignedFile', {
    caller: 'service',
    description: 'The same for whoever holds a `fileUrl` that is still good.',
    payload: FileSignature.extend({ fileId: FileId }),
    reply: Transfer.extend({ file: FileInfo }),
    example: { payload: { fileId: FILE_ID, expires: '1773504566', signature: 'q5X0' }, reply: { ...TRANSFER, file: FILE } },
    errors: ['FILE_NOT_FOUND'],
  }),

  takeChat: request('internal.message.v1.takeChat', {
    caller: 'service',
    description: 'How chat-service tells of a change before it answers for it; answered once this owner\'s own row holds it.',
    payload: z.object({ chat: ChatFacts }),
    reply: z.object({ version: Rev }),
    example: { payload: { chat: { id: CHAT_ID, clientId: CLIENT.id, adminId: ADMIN.id, status: 'CLOSED', version: 3 } }, reply: { version: 3 } },
    errors: ['UNAVAILABLE'],
  }),

  ...logContracts('message'),
  ping: pingContract('message'),
};

/** What other systems are told, by routing key. */
export const messageFacts = {
  'message.created': integrationEvent('message.created', {
    version: 1,
    description: 'A message was stored. A file is its id: its bytes are at `GET /api/v1/files/{fileId}`.',
    data: MessageCreated,
    example: MESSAGE,
  }),
  'message.read': integrationEvent('message.read', {
    version: 1,
    description: 'Somebody read messages: those that they had not read before.',
    data: MessagesRead,
    example: READ,
  }),
};

export const newMessage = roomEvent('message', {
  event: 'newMessage',
  socket: true,
  durable: true,
  description: 'A message was stored. Heard by every joined socket, the sender\'s too, once and in the order of `seq`.',
  payload: Message,
  example: MESSAGE,
  to: 'everyone',
  author: (message) => message.senderId,
  integration: messageFacts['message.created'],
});

export const messagesRead = roomEvent('message', {
  event: 'messagesRead',
  socket: true,
  durable: true,
  description: 'Somebody read messages: those that they had not read before.',
  payload: MessagesRead,
  example: READ,
  to: 'others',
  author: (read) => read.userId,
  integration: messageFacts['message.read'],
});

export const messageHeads = headsSignal('message');
