import { z } from 'zod';
import { Assigned, ChatFacts, StatusChanged } from './chats.ts';
import { always, durableEvent, eventsOf, integrationEvent, request } from './define.ts';
import { ADMIN, AT, CHAT_ID, CLIENT, CURSOR, MESSAGE_ID } from './examples.ts';
import { fileContracts } from './files.ts';
import { headsSignal, logContracts, pingContract } from './log.ts';
import {
  ChatId,
  ChatStatus,
  Cursor,
  FileId,
  HistoryPoint,
  isStorable,
  MessageId,
  PageLimit,
  PageLimitQuery,
  Rev,
  Sender,
  Text,
  Timestamp,
  UserId,
} from './values.ts';

const MessageBase = z.object({
  id: MessageId,
  chatId: ChatId,
  /** Contiguous from 1 in its chat; the order of the history. */
  seq: z.int().positive(),
  senderId: UserId,
  text: z.string().optional(),
  replyToId: MessageId.optional(),
  /** The sender's key, for their client app to match it with what it shows already. */
  clientMessageId: z.string().optional(),
  createdAt: Timestamp,
  sender: Sender.optional(),
});
/** `fileUrl`: signed, valid for a while, renewed with each read. */
const PlainMessage = MessageBase.extend({ fileUrl: z.string().optional() });
/** A message as other systems receive it, maybe hours later: a file is its id. */
export const MessageCreated = MessageBase.extend({ fileId: FileId.optional() });
export type MessageCreated = z.output<typeof MessageCreated>;
/** A message as members receive it: `replyTo` is one level deep. */
export const Message = PlainMessage.extend({ replyTo: PlainMessage.optional() });
export type Message = z.output<typeof Message>;

/** A message to send: text, a file of the sender's, or both. `clientMessageId` is the idempotency key. */
export const NewMessage = z
  .strictObject({
    text: Text.optional(),
    fileId: FileId.optional(),
    replyToId: MessageId.optional(),
    clientMessageId: z.string().min(1).max(64).refine(isStorable).optional(),
  })
  .refine((message) => message.text !== undefined || message.fileId !== undefined, {
    error: 'text or fileId is needed',
  });
export type NewMessage = z.output<typeof NewMessage>;

/**
 * `after`: the last message before which the client misses none, or 0 for the beginning; `cursor`: where the
 * page before ended. A value that names no point in the chat is not an error. `limit`: the most messages, or
 * log entries with `after` or `cursor`.
 */
const JoinChat = z.strictObject({
  chatId: ChatId,
  limit: PageLimit.optional(),
  after: HistoryPoint.optional(),
  cursor: z.string().max(200).optional(),
});
const MessagesRead = z.object({ chatId: ChatId, userId: UserId, messageIds: z.array(MessageId) });
const ReadMessages = z.strictObject({ chatId: ChatId, messageIds: z.array(MessageId).min(1).max(500) });
const ListMessages = z.strictObject({
  chatId: ChatId,
  limit: PageLimit.optional(),
  cursor: Cursor.optional(),
});

const Snapshot = z.object({
  chatId: ChatId,
  status: ChatStatus,
  messages: z.array(Message),
  reads: z.array(MessagesRead).optional(),
  recovered: z.boolean().optional(),
  hasMore: z.boolean().optional(),
  cursor: Cursor.optional(),
  revs: z.object({ chat: Rev, message: Rev }),
  /**
   * The `rev` of chat-service's log at the point of `after`: the client missed what came since there, too.
   */
  chatRevThen: Rev.optional(),
});
/** The log positions are for the gateway alone. */
export const JoinedChat = Snapshot.omit({ revs: true, chatRevThen: true }).extend({
  statusChanges: z.array(StatusChanged).optional(),
  assignments: z.array(Assigned).optional(),
});
export type JoinedChat = z.output<typeof JoinedChat>;

const MESSAGE = {
  id: MESSAGE_ID,
  chatId: CHAT_ID,
  seq: 12,
  senderId: CLIENT.id,
  text: 'Hello, my order has not arrived.',
  clientMessageId: '5f0c',
  createdAt: AT,
  sender: CLIENT,
};
const READ = { chatId: CHAT_ID, userId: ADMIN.id, messageIds: [MESSAGE_ID] };

export const messageContracts = {
  sendMessage: request('message.v1.send', {
    caller: 'user',
    isIdempotent: ({ message }) => message.clientMessageId !== undefined,
    socket: { event: 'sendMessage', reply: 'messageSent', pipelined: true },
    description:
      'Appends a message. The acknowledgement means COMMIT. A repeat of `clientMessageId` returns the first message with `deduplicated: true`.',
    payload: z.strictObject({ chatId: ChatId, message: NewMessage }),
    reply: Message.extend({ deduplicated: z.literal(true).optional() }),
    example: {
      payload: {
        chatId: CHAT_ID,
        message: { text: 'Hello, my order has not arrived.', clientMessageId: '5f0c' },
      },
      reply: MESSAGE,
    },
    errors: ['CHAT_NOT_FOUND', 'CHAT_CLOSED', 'MESSAGE_NOT_FOUND', 'FILE_NOT_FOUND', 'DUPLICATE_KEY'],
  }),

  joinChat: request('message.v1.join', {
    caller: 'user',
    isIdempotent: always,
    description:
      'The snapshot from which a socket receives room events, and its log positions (`revs`): the last 50 messages (`limit`), oldest first. ' +
      'With `after` (a `seq`, 0 for the beginning, or a message id): everything since then instead (`recovered: true`), at most 500 log entries. Give the last `seq` without a hole before it: a live message may arrive before the pages that precede it. While `hasMore`, request the next page with `cursor`, ' +
      'up to the point where the socket went live. An unknown point, or one too far back, returns the last 50 messages and `recovered: false`. ' +
      'On a socket the gateway follows the room first, and adds what it missed of the changes of status (`statusChanges`) and of the admin (`assignments`).',
    socket: {
      event: 'joinChat',
      reply: 'joinedChat',
      form: {
        payload: z.preprocess((data) => (typeof data === 'string' ? { chatId: data } : data), JoinChat),
        shown: z.union([ChatId, JoinChat]),
        example: { chatId: CHAT_ID },
      },
      data: JoinedChat,
    },
    payload: JoinChat,
    reply: Snapshot,
    example: {
      payload: { chatId: CHAT_ID, after: MESSAGE_ID },
      reply: {
        chatId: CHAT_ID,
        status: 'ACTIVE',
        messages: [MESSAGE],
        reads: [READ],
        recovered: true,
        revs: { chat: 2, message: 12 },
      },
    },
    errors: ['CHAT_NOT_FOUND'],
  }),

  listMessages: request('message.v1.list', {
    caller: 'user',
    isIdempotent: always,
    description: 'Pages from the newest message back, oldest first within a page.',
    http: {
      method: 'get',
      path: '/chats/:chatId/messages',
      input: ListMessages.extend({ limit: PageLimitQuery.optional() }),
    },
    payload: ListMessages,
    reply: z.object({ messages: z.array(Message), nextCursor: Cursor.optional() }),
    example: { payload: { chatId: CHAT_ID, limit: 50 }, reply: { messages: [MESSAGE], nextCursor: CURSOR } },
    errors: ['CHAT_NOT_FOUND', 'VALIDATION'],
  }),

  readMessages: request('message.v1.read', {
    caller: 'user',
    isIdempotent: always,
    description: 'Marks messages as read by the actor: all of them or, if one is not in the chat, none.',
    socket: { event: 'readMessages', reply: 'messagesMarkedRead' },
    payload: ReadMessages,
    reply: z.array(z.object({ id: MessageId, readBy: UserId })),
    example: {
      payload: { chatId: CHAT_ID, messageIds: [MESSAGE_ID] },
      reply: [{ id: MESSAGE_ID, readBy: ADMIN.id }],
    },
    errors: ['CHAT_NOT_FOUND', 'MESSAGE_NOT_FOUND'],
  }),

  ...fileContracts,

  applyChat: request('internal.message.v1.takeChat', {
    caller: 'service',
    isIdempotent: always,
    description:
      'Applies a change that chat-service pushes before it replies to its own caller. The reply means that the projection holds it.',
    payload: z.object({ chat: ChatFacts }),
    reply: z.object({ version: Rev }),
    example: {
      payload: {
        chat: { id: CHAT_ID, clientId: CLIENT.id, adminId: ADMIN.id, status: 'CLOSED', version: 3 },
      },
      reply: { version: 3 },
    },
    errors: ['UNAVAILABLE'],
  }),

  ...logContracts('message'),
  ping: pingContract('message'),
};

/** The events of message-service: the table of contents of its log. */
export const messageEvents = eventsOf('message', {
  newMessage: durableEvent({
    socket: true,
    catchUp: 'messages',
    description:
      "A message was stored. Every joined socket receives it once, in the order of `seq`; the sender's too.",
    payload: Message,
    example: MESSAGE,
    to: 'everyone',
    author: (message) => message.senderId,
    integration: integrationEvent('message.created', {
      version: 1,
      description: 'A message was stored. A file is its id; `GET /api/v1/files/{fileId}` returns its bytes.',
      data: MessageCreated,
      example: MESSAGE,
    }),
  }),

  messagesRead: durableEvent({
    socket: true,
    catchUp: 'reads',
    description: 'A user read messages: those that the user had not read before.',
    payload: MessagesRead,
    example: READ,
    to: 'others',
    author: (read) => read.userId,
    integration: integrationEvent('message.read', {
      version: 1,
      description: 'A user read messages: those that the user had not read before.',
      data: MessagesRead,
      example: READ,
    }),
  }),
});
export const { newMessage, messagesRead } = messageEvents;

export const messageHeads = headsSignal('message');
