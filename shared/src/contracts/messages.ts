import { z } from 'zod';
import { Assigned, ChatFacts, StatusChanged } from './chats.ts';
import { always, request } from './define.ts';
import { ADMIN, CHAT_ID, CLIENT, CURSOR, MESSAGE_ID } from './examples.ts';
import { fileContracts } from './files.ts';
import { logContracts, pingContract } from './log.ts';
import { messageChangeContracts } from './message-changes.ts';
import { Placement } from './placement.ts';
import { ASSIGNMENT_ITEM, AssignmentItem, StatusItem, timelineRequest } from './timeline.ts';
import {
  MARK,
  Message,
  MESSAGE,
  MessagesRead,
  NewMessage,
  PostedMessage,
  READ,
  ReadMark,
} from './message-values.ts';
import { readContracts } from './reads.ts';
import { ChatId, ChatStatus, Cursor, HistoryPoint, PageLimit, PageLimitQuery, Rev } from './values.ts';

/**
 * `after`: the last message before which the client misses none, or 0 for the beginning; `cursor`: where the
 * page before ended. A value that names no point in the chat is not an error. `limit`: the most messages, or
 * log entries with `after` or `cursor`.
 */
export const JoinChat = z.strictObject({
  chatId: ChatId,
  limit: PageLimit.optional(),
  after: HistoryPoint.optional(),
  cursor: z.string().max(200).optional(),
});
const ListMessages = z.strictObject({
  chatId: ChatId,
  limit: PageLimit.optional(),
  cursor: Cursor.optional(),
});

const MessageItem = z.object({ kind: z.literal('message'), message: Message });
const TimelineItem = z.union([MessageItem, StatusItem, AssignmentItem]);
export type TimelineItem = z.output<typeof TimelineItem>;

const Snapshot = z.object({
  chatId: ChatId,
  status: ChatStatus,
  messages: z.array(Message),
  reads: z.array(MessagesRead).optional(),
  /** Messages that changed since the point of `after`, as they are now. */
  changes: z.array(Message).optional(),
  /** The read mark of every user who has one here. */
  readMarks: z.array(ReadMark).optional(),
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

export const messageContracts = {
  sendMessage: request('message.v1.send', {
    caller: 'user',
    isIdempotent: ({ message }) => message.clientMessageId !== undefined,
    socket: { event: 'sendMessage', reply: 'messageSent', pipelined: true },
    http: {
      method: 'post',
      path: '/chats/:chatId/messages',
      status: 201,
      headers: { 'idempotency-key': 'idempotencyKey' },
      input: PostedMessage,
      example: {
        chatId: CHAT_ID,
        idempotencyKey: '5f0c',
        text: 'Hello, my order has not arrived.',
      },
    },
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
        readMarks: [MARK],
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

  readTimeline: request('message.v1.timeline', {
    ...timelineRequest,
    reply: z.object({ items: z.array(TimelineItem), nextCursor: Cursor.optional() }),
    example: {
      payload: { chatId: CHAT_ID, limit: 50 },
      reply: { items: [{ kind: 'message', message: MESSAGE }, ASSIGNMENT_ITEM], nextCursor: CURSOR },
    },
  }),

  ...readContracts,
  ...messageChangeContracts,
  ...fileContracts,

  applyChat: request('internal.message.v1.takeChat', {
    caller: 'service',
    isIdempotent: always,
    description:
      'Applies a change that chat-service pushes before it replies to its own caller. The reply means that the projection holds it. ' +
      'With `since`: where the entries of the log behind that `rev`, up to the version, stand among the messages.',
    payload: z.object({ chat: ChatFacts, since: Rev.optional() }),
    reply: z.object({ version: Rev, placements: z.array(Placement).optional() }),
    example: {
      payload: {
        chat: { id: CHAT_ID, clientId: CLIENT.id, adminId: ADMIN.id, status: 'CLOSED', version: 3 },
        since: 2,
      },
      reply: { version: 3, placements: [{ rev: 3, afterSeq: 12, afterRev: 14 }] },
    },
    errors: ['UNAVAILABLE'],
  }),

  ...logContracts('message'),
  ping: pingContract('message'),
};
