import { z } from 'zod';
import { integrationEvent, request, roomEvent } from './define.ts';
import { ADMIN, AT, CHAT_ID, CLIENT, CURSOR, LATER } from './examples.ts';
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
const StatusChanged = z.object({ chatId: ChatId, status: ChatStatus, adminId: UserId.optional() });
const Assigned = z.object({ chatId: ChatId, adminId: UserId });

const OpenChat = z.strictObject({ clientId: UserId.optional() });
const ListChats = z.strictObject({ status: ChatStatus.optional(), limit: PageLimit.optional(), cursor: Cursor.optional() });
const GetChat = z.strictObject({ chatId: ChatId });
const UpdateChat = z
  .strictObject({ chatId: ChatId, status: ChatStatus.optional(), adminId: UserId.optional() })
  .refine((change) => change.status !== undefined || change.adminId !== undefined, { error: 'status or adminId is needed' });

const CHAT = { id: CHAT_ID, clientId: CLIENT.id, status: 'PENDING', createdAt: AT, updatedAt: AT } as const;
const FACTS = { id: CHAT_ID, clientId: CLIENT.id, adminId: ADMIN.id, status: 'ACTIVE', version: 2 } as const;

export const chatContracts = {
  openChat: request('chat.v1.open', {
    caller: 'user',
    http: { method: 'post', path: '/chats', status: 201, input: OpenChat },
    description: 'Opens a chat, PENDING. A client opens one for themselves; an admin names the `clientId`.',
    payload: OpenChat,
    reply: Chat,
    example: { payload: {}, reply: CHAT },
    errors: ['FORBIDDEN', 'VALIDATION'],
  }),

  listChats: request('chat.v1.list', {
    caller: 'user',
    http: { method: 'get', path: '/chats', input: ListChats.extend({ limit: PageLimitQuery.optional() }) },
    description: 'A client\'s own chats, or all for an admin: newest first, but the longest waiting first with `status=PENDING`.',
    payload: ListChats,
    reply: z.object({ chats: z.array(Chat), nextCursor: Cursor.optional() }),
    example: { payload: { status: 'PENDING', limit: 20 }, reply: { chats: [CHAT], nextCursor: CURSOR } },
    errors: ['VALIDATION'],
  }),

  getChat: request('chat.v1.get', {
    caller: 'user',
    http: { method: 'get', path: '/chats/:chatId', input: GetChat },
    description: 'One chat, as it is now; for its client and for admins.',
    payload: GetChat,
    reply: Chat,
    example: { payload: { chatId: CHAT_ID }, reply: CHAT },
    errors: ['CHAT_NOT_FOUND'],
  }),

  updateChat: request('chat.v1.update', {
    caller: 'user',
    http: { method: 'patch', path: '/chats/:chatId', input: UpdateChat },
    description: 
      'Claims (`adminId` + `ACTIVE`), releases, closes or reopens. Answered once message-service has taken the change, so a close holds from the answer on; UNAVAILABLE means it may or may not have happened: repeat it.',
    payload: UpdateChat,
    reply: Chat,
    example: { payload: { chatId: CHAT_ID, status: 'ACTIVE', adminId: ADMIN.id }, reply: { ...CHAT, status: 'ACTIVE', adminId: ADMIN.id, updatedAt: LATER } },
    errors: ['CHAT_NOT_FOUND', 'CHAT_CONFLICT', 'FORBIDDEN'],
  }),

  lookUpChat: request('internal.chat.v1.lookUp', {
    caller: 'service',
    description: 'One chat\'s facts, for a service that hears of it for the first time.',
    payload: z.object({ chatId: ChatId }),
    reply: z.object({ chat: ChatFacts.optional() }),
    example: { payload: { chatId: CHAT_ID }, reply: { chat: FACTS } },
    errors: ['UNAVAILABLE'],
  }),

  readChanges: request('internal.chat.v1.readChanges', {
    caller: 'service',
    description: 'The chats that changed since `cursor`, in commit order, as they are now; a chat may come twice.',
    payload: z.object({ cursor: Cursor.optional(), limit: z.int().min(1).max(1000) }),
    reply: z.object({ chats: z.array(ChatFacts), cursor: Cursor.optional(), hasMore: z.boolean() }),
    example: { payload: { cursor: CURSOR, limit: 500 }, reply: { chats: [FACTS], cursor: CURSOR, hasMore: false } },
    errors: ['UNAVAILABLE'],
  }),

  ...logContracts('chat'),
  ping: pingContract('chat'),
};

const CHANGED = { chatId: CHAT_ID, status: 'ACTIVE', adminId: ADMIN.id } as const;

/** What other systems are told, by routing key. */
export const chatFacts = {
  'chat.opened': integrationEvent('chat.opened', {
    version: 1,
    description: 'A chat was opened. It waits for an admin.',
    data: Opened,
    example: { chatId: CHAT_ID, clientId: CLIENT.id },
  }),
  'chat.status_changed': integrationEvent('chat.status_changed', {
    version: 1,
    description: 'A chat was claimed, released, closed or reopened. `adminId`: whose it is from then on, if anybody\'s.',
    data: StatusChanged,
    example: CHANGED,
  }),
  'chat.assigned': integrationEvent('chat.assigned', {
    version: 1,
    description: 'A chat changed hands; its status did not.',
    data: Assigned,
    example: { chatId: CHAT_ID, adminId: ADMIN.id },
  }),
};

export const chatStatusChanged = roomEvent('chat', {
  event: 'chatStatusChanged',
  socket: true,
  durable: true,
  description: 'The chat was claimed, released, closed or reopened. `adminId`: whose it is from then on, if anybody\'s.',
  payload: StatusChanged,
  example: CHANGED,
  to: 'everyone',
  author: () => undefined,
  integration: chatFacts['chat.status_changed'],
});

export const chatAssigned = roomEvent('chat', {
  event: 'chatAssigned',
  socket: false,
  durable: true,
  description: 'The chat changed hands, its status did not. For followers of the log only.',
  payload: Assigned,
  example: { chatId: CHAT_ID, adminId: ADMIN.id },
  to: 'everyone',
  author: () => undefined,
  integration: chatFacts['chat.assigned'],
});

export const chatOpened = roomEvent('chat', {
  event: 'chatOpened',
  socket: false,
  durable: true,
  description: 'The first entry of every chat\'s log. For followers of the log only.',
  payload: Opened,
  example: { chatId: CHAT_ID, clientId: CLIENT.id },
  to: 'everyone',
  author: () => undefined,
  integration: chatFacts['chat.opened'],
});

export const chatHeads = headsSignal('chat');
