import { z } from 'zod';
import { always, durableEvent, eventsOf, integrationEvent, request } from './define.ts';
import { ADMIN, AT, CHAT_ID, CLIENT, CURSOR, LATER } from './examples.ts';
import { headsSignal, logContracts, pingContract } from './log.ts';
import { AfterSeq } from './placement.ts';
import { userContracts } from './users.ts';
import {
  ChatId,
  ChatStatus,
  Cursor,
  IdempotencyKey,
  PageLimit,
  PageLimitQuery,
  Rev,
  Timestamp,
  UserId,
} from './values.ts';

export const Chat = z.object({
  id: ChatId,
  clientId: UserId,
  adminId: UserId.optional(),
  status: ChatStatus,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  /** While it is PENDING: when it began to wait. It starts again when the chat is released or reopened. */
  waitingSince: Timestamp.optional(),
});
export type Chat = z.output<typeof Chat>;

/**
 * A chat as other services project it, to judge access without a request. `version`: the last `rev` of its
 * log.
 */
export const ChatFacts = z.object({
  id: ChatId,
  clientId: UserId,
  adminId: UserId.optional(),
  status: ChatStatus,
  version: Rev,
});
export type ChatFacts = z.output<typeof ChatFacts>;

export const Opened = z.object({ chatId: ChatId, clientId: UserId });
/** When a change was made, and the user who made it. Entries of earlier versions lack `by`. */
const Change = z.object({ chatId: ChatId, at: Timestamp.optional(), by: UserId.optional() });
const StatusFact = Change.extend({ status: ChatStatus, adminId: UserId.optional() });
const AssignmentFact = Change.extend({ adminId: UserId });
/** What members receive of a change: also where it stands, once message-service has applied it. */
const placed = { afterSeq: AfterSeq.optional() };
export const StatusChanged = StatusFact.extend(placed);
export const Assigned = AssignmentFact.extend(placed);

const OpenChat = z.strictObject({
  clientId: UserId.optional(),
  idempotencyKey: IdempotencyKey.optional(),
});
const ListChats = z.strictObject({
  status: ChatStatus.optional(),
  limit: PageLimit.optional(),
  cursor: Cursor.optional(),
});
const GetChat = z.strictObject({ chatId: ChatId });
const UpdateChat = z
  .strictObject({ chatId: ChatId, status: ChatStatus.optional(), adminId: UserId.optional() })
  .refine((change) => change.status !== undefined || change.adminId !== undefined, {
    error: 'status or adminId is needed',
  });

const CHAT = {
  id: CHAT_ID,
  clientId: CLIENT.id,
  status: 'PENDING',
  createdAt: AT,
  updatedAt: AT,
  waitingSince: AT,
} as const;
const CLAIMED = { id: CHAT_ID, clientId: CLIENT.id, adminId: ADMIN.id, status: 'ACTIVE' } as const;
const FACTS = { id: CHAT_ID, clientId: CLIENT.id, adminId: ADMIN.id, status: 'ACTIVE', version: 2 } as const;

const chatLog = logContracts('chat');

export const chatContracts = {
  openChat: request('chat.v1.open', {
    caller: 'user',
    isIdempotent: ({ idempotencyKey }) => idempotencyKey !== undefined,
    http: {
      method: 'post',
      path: '/chats',
      status: 201,
      headers: { 'idempotency-key': 'idempotencyKey' },
      input: OpenChat,
    },
    description:
      'Opens a chat, PENDING. A client opens one for themselves; an admin names the `clientId`. A repeat with the same `Idempotency-Key` returns the first chat, with `deduplicated: true` and the status 200. ' +
      'A client who has as many open chats as allowed gets TOO_MANY_CHATS, with the `chatId` of the newest.',
    payload: OpenChat,
    reply: Chat.extend({ deduplicated: z.literal(true).optional() }),
    example: { payload: {}, reply: CHAT },
    errors: ['FORBIDDEN', 'VALIDATION', 'TOO_MANY_CHATS'],
  }),

  listChats: request('chat.v1.list', {
    caller: 'user',
    isIdempotent: always,
    http: { method: 'get', path: '/chats', input: ListChats.extend({ limit: PageLimitQuery.optional() }) },
    description:
      "A client's own chats, or all chats for an admin: newest first; with `status=PENDING` the longest waiting first (`waitingSince`).",
    payload: ListChats,
    reply: z.object({ chats: z.array(Chat), nextCursor: Cursor.optional() }),
    example: { payload: { status: 'PENDING', limit: 20 }, reply: { chats: [CHAT], nextCursor: CURSOR } },
    errors: ['VALIDATION'],
  }),

  getChat: request('chat.v1.get', {
    caller: 'user',
    isIdempotent: always,
    http: { method: 'get', path: '/chats/:chatId', input: GetChat },
    description: 'One chat, as it is now. For its client and for admins.',
    payload: GetChat,
    reply: Chat,
    example: { payload: { chatId: CHAT_ID }, reply: CHAT },
    errors: ['CHAT_NOT_FOUND'],
  }),

  updateChat: request('chat.v1.update', {
    caller: 'user',
    isIdempotent: always,
    http: { method: 'patch', path: '/chats/:chatId', input: UpdateChat },
    description:
      'Claims (`ACTIVE`, or an `adminId` for a chat that waits; the actor, if none is named), gives the active chat to another admin (`adminId`), releases (`PENDING`), closes or reopens. ' +
      'A change that already holds is no mistake: the reply is the chat as it is. Of two admins who claim one wins; the other gets CHAT_CONFLICT with the current admin. ' +
      'The reply means that message-service holds the change: after a close it accepts no message. After UNAVAILABLE or TIMEOUT the outcome is unknown: repeat the request.',
    payload: UpdateChat,
    reply: Chat,
    example: {
      payload: { chatId: CHAT_ID, status: 'ACTIVE', adminId: ADMIN.id },
      reply: { ...CLAIMED, createdAt: AT, updatedAt: LATER },
    },
    errors: ['CHAT_NOT_FOUND', 'CHAT_CONFLICT', 'FORBIDDEN', 'VALIDATION'],
  }),

  lookUpChat: request('internal.chat.v1.lookUp', {
    caller: 'service',
    isIdempotent: always,
    description: "One chat's facts, for a service whose projection lacks the chat.",
    payload: z.object({ chatId: ChatId }),
    reply: z.object({ chat: ChatFacts.optional() }),
    example: { payload: { chatId: CHAT_ID }, reply: { chat: FACTS } },
    errors: ['UNAVAILABLE'],
  }),

  readChanges: request('internal.chat.v1.readChanges', {
    caller: 'service',
    isIdempotent: always,
    description:
      'The chats that changed since `cursor`, in commit order, as they are now; a chat may come twice.',
    payload: z.object({ cursor: Cursor.optional(), limit: z.int().min(1).max(1000) }),
    reply: z.object({ chats: z.array(ChatFacts), cursor: Cursor.optional(), hasMore: z.boolean() }),
    example: {
      payload: { cursor: CURSOR, limit: 500 },
      reply: { chats: [FACTS], cursor: CURSOR, hasMore: false },
    },
    errors: ['UNAVAILABLE'],
  }),

  ...userContracts,
  ...chatLog,
  readLogNow: {
    ...chatLog.readLog,
    subject: 'internal.chat.v1.readLog' as const,
    description:
      'As `chat.v1.readLog`, which waits up to a second for the place of the last change; this one does not. For message-service, which decides places.',
  },
  ping: pingContract('chat'),
};

const CHANGED = { chatId: CHAT_ID, status: 'ACTIVE', adminId: ADMIN.id, at: AT, by: ADMIN.id } as const;
const ASSIGNED = { chatId: CHAT_ID, adminId: ADMIN.id, at: AT, by: ADMIN.id } as const;

/** The events of chat-service: the table of contents of its log. */
export const chatEvents = eventsOf('chat', {
  chatOpened: durableEvent({
    socket: false,
    description: "The first entry of every chat's log. For followers of the log only.",
    payload: Opened,
    example: { chatId: CHAT_ID, clientId: CLIENT.id },
    to: 'everyone',
    author: () => undefined,
    integration: integrationEvent('chat.opened', {
      version: 1,
      description: 'A chat was opened. It waits for an admin.',
      data: Opened,
      example: { chatId: CHAT_ID, clientId: CLIENT.id },
    }),
  }),

  chatAssigned: durableEvent({
    socket: true,
    catchUp: 'assignments',
    description:
      'The chat has another admin: it was claimed (behind `chatStatusChanged`) or given to them. `at`, `by` and `afterSeq` as in `chatStatusChanged`.',
    payload: Assigned,
    example: { ...ASSIGNED, afterSeq: 12 },
    to: 'everyone',
    author: () => undefined,
    integration: integrationEvent('chat.assigned', {
      version: 1,
      description:
        'The chat has another admin: it was claimed (behind `chat.status_changed`) or given to them.',
      data: AssignmentFact,
      example: ASSIGNED,
    }),
  }),

  chatStatusChanged: durableEvent({
    socket: true,
    catchUp: 'statusChanges',
    description:
      'The chat was claimed, released, closed or reopened. `adminId`: its admin from then on, if it has one. ' +
      '`at`, `by`: when, and the user who did it. `afterSeq`: the last message before it, 0 for none; absent while message-service has not applied the change.',
    payload: StatusChanged,
    example: { ...CHANGED, afterSeq: 12 },
    to: 'everyone',
    author: () => undefined,
    integration: integrationEvent('chat.status_changed', {
      version: 1,
      description:
        'A chat was claimed, released, closed or reopened. `adminId`: its admin from then on, if it has one.',
      data: StatusFact,
      example: CHANGED,
    }),
  }),
});
export const { chatOpened, chatAssigned, chatStatusChanged } = chatEvents;

export const chatHeads = headsSignal('chat');
