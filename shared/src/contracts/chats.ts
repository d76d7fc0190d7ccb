import { z } from 'zod';
import { request, roomEvent } from './define.ts';
import { headsSignal, logContracts, pingContract } from './log.ts';
import { ChatId, ChatStatus, Cursor, PageLimit, PageLimitQuery, Rev, Timestamp, UserId } from './values.ts';

export const Chat = z.object({
  id: ChatId,
  clientId: UserId,
  adminId: UserId.optional(),
  status: ChatStatus,
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Chat = z.output<typeof Chat>;

/** What other services keep of a chat, to judge access without asking. `version` = the last `rev` of its log here. */
export const ChatFacts = z.object({
  id: ChatId,
  clientId: UserId,
  adminId: UserId.optional(),
  status: ChatStatus,
  version: Rev,
});
export type ChatFacts = z.output<typeof ChatFacts>;

const Opened = z.object({ chatId: ChatId, clientId: UserId });
/** `adminId`: whose it is from then on, if anybody's. */
const StatusChanged = z.object({ chatId: ChatId, status: ChatStatus, adminId: UserId.optional() });
const Assigned = z.object({ chatId: ChatId, adminId: UserId });

const OpenChat = z.strictObject({ clientId: UserId.optional() });
const ListChats = z.strictObject({ status: ChatStatus.optional(), limit: PageLimit.optional(), cursor: Cursor.optional() });
const GetChat = z.strictObject({ chatId: ChatId });
const UpdateChat = z
  .strictObject({ chatId: ChatId, status: ChatStatus.optional(), adminId: UserId.optional() })
  .refine((change) => change.status !== undefined || change.adminId !== undefined, { error: 'status or adminId is needed' });

export const chatContracts = {
  /** Opens a chat, PENDING. A client opens one for themselves; an admin names the `clientId`. */
  openChat: request('chat.v1.open', {
    caller: 'user',
    http: { method: 'post', path: '/chats', status: 201, input: OpenChat },
    payload: OpenChat,
    reply: Chat,
    errors: ['FORBIDDEN', 'VALIDATION'],
  }),

  /** A client's own chats, or all for an admin: newest first, but the longest waiting first with `status=PENDING`. */
  listChats: request('chat.v1.list', {
    caller: 'user',
    http: { method: 'get', path: '/chats', input: ListChats.extend({ limit: PageLimitQuery.optional() }) },
    payload: ListChats,
    reply: z.object({ chats: z.array(Chat), nextCursor: Cursor.optional() }),
    errors: ['VALIDATION'],
  }),

  getChat: request('chat.v1.get', {
    caller: 'user',
    http: { method: 'get', path: '/chats/:chatId', input: GetChat },
    payload: GetChat,
    reply: Chat,
    errors: ['CHAT_NOT_FOUND'],
  }),

  /**
   * Claims (`adminId` + `ACTIVE`), releases, closes or reopens. Answered once message-service has taken the change, so a
   * close holds from the answer on; UNAVAILABLE means it may or may not have happened: repeat it.
   */
  updateChat: request('chat.v1.update', {
    caller: 'user',
    http: { method: 'patch', path: '/chats/:chatId', input: UpdateChat },
    payload: UpdateChat,
    reply: Chat,
    errors: ['CHAT_NOT_FOUND', 'CHAT_CONFLICT', 'FORBIDDEN'],
  }),

  /** One chat's facts, for a service that hears of it for the first time. */
  lookUpChat: request('internal.chat.v1.lookUp', {
    caller: 'service',
    payload: z.object({ chatId: ChatId }),
    reply: z.object({ chat: ChatFacts.optional() }),
    errors: ['UNAVAILABLE'],
  }),

  /** The chats that changed since `cursor`, in commit order, as they are now; a chat may come twice. */
  readChanges: request('internal.chat.v1.readChanges', {
    caller: 'service',
    payload: z.object({ cursor: Cursor.optional(), limit: z.int().min(1).max(1000) }),
    reply: z.object({ chats: z.array(ChatFacts), cursor: Cursor.optional(), hasMore: z.boolean() }),
    errors: ['UNAVAILABLE'],
  }),

  ...logContracts('chat'),
  ping: pingContract('chat'),
};

/** Heard by everyone joined. */
export const chatStatusChanged = roomEvent('chat', {
  event: 'chatStatusChanged',
  socket: true,
  durable: true,
  payload: StatusChanged,
  to: 'everyone',
  author: () => undefined,
  integration: { routingKey: 'chat.status_changed', version: 1, data: StatusChanged },
});

/** The chat changed hands, its status did not. For followers of the log only. */
export const chatAssigned = roomEvent('chat', {
  event: 'chatAssigned',
  socket: false,
  durable: true,
  payload: Assigned,
  to: 'everyone',
  author: () => undefined,
  integration: { routingKey: 'chat.assigned', version: 1, data: Assigned },
});

/** The first entry of every chat's log. For followers of the log only. */
export const chatOpened = roomEvent('chat', {
  event: 'chatOpened',
  socket: false,
  durable: true,
  payload: Opened,
  to: 'everyone',
  author: () => undefined,
  integration: { routingKey: 'chat.opened', version: 1, data: Opened },
});

export const chatHeads = headsSignal('chat');
