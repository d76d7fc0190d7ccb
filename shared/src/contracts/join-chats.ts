import { z } from 'zod';
import { edgeRequest } from './define.ts';
import { CHAT_ID } from './examples.ts';
import { BATCH_MESSAGES, JOIN_MESSAGES, joinCost, MAX_BATCH_CHATS } from './limits.ts';
import { JoinedChat, messageContracts } from './messages.ts';
import { HistoryPoint } from './values.ts';

/** An id that names no chat fails by itself, like one that is not the user's. */
const BatchedChat = z.strictObject({
  chatId: z.string().max(200).toLowerCase().meta({ format: 'uuid' }),
  after: HistoryPoint.optional(),
});

const JoinChats = z.strictObject({
  chats: z
    .array(BatchedChat)
    .min(1)
    .max(MAX_BATCH_CHATS)
    .refine((chats) => new Set(chats.map(({ chatId }) => chatId)).size === chats.length, {
      error: 'each chat may be named once',
    }),
  limit: z.int().min(1).max(JOIN_MESSAGES).optional(),
});
type JoinChats = z.output<typeof JoinChats>;

const NotJoined = z.object({
  chatId: z.string(),
  error: z.object({
    code: z.string(),
    retryable: z.boolean(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

const { chatId, status, messages, reads, recovered } = messageContracts.joinChat.example.reply;
const JOINED = { chatId, status, messages, reads, recovered };
const MISSING_CHAT = '0198c0de-0000-7000-8000-000000000009';

export const joinChats = edgeRequest({
  description:
    'Joins up to 200 chats at once, each as `joinChat` with `{chatId, after?, limit}` does; `limit` is 10 unless named. ' +
    'The reply has a result for each chat, in the same order: what `joinedChat` has, or `error`. A chat with `error` stays as it was; send it again when `retryable`. ' +
    'BUSY for a chat also means that the reply was full (about a megabyte) or its time over. While a chat has `hasMore`, request the next page with `joinChat {chatId, cursor}`. ' +
    'For the rate limits each chat counts as `limit`/50 events, never as less than a tenth.',
  socket: {
    event: 'joinChats',
    reply: 'joinedChats',
    batch: {
      of: 'joinChat',
      parts: ({ chats, limit = BATCH_MESSAGES }: JoinChats) => chats.map((chat) => ({ ...chat, limit })),
      cost: ({ chats, limit = BATCH_MESSAGES }: JoinChats) => chats.length * joinCost(limit),
    },
  },
  payload: JoinChats,
  reply: z.object({ chats: z.array(z.union([JoinedChat, NotJoined])) }),
  example: {
    payload: { chats: [{ chatId: CHAT_ID, after: 12 }, { chatId: MISSING_CHAT }] },
    reply: {
      chats: [
        { ...JOINED, hasMore: false, statusChanges: [], assignments: [] },
        { chatId: MISSING_CHAT, error: { code: 'CHAT_NOT_FOUND', retryable: false } },
      ],
    },
  },
  errors: [],
});
