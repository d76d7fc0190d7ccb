import { z } from 'zod';
import { always, request } from './define.ts';
import { ADMIN, CHAT_ID, MESSAGE_ID } from './examples.ts';
import { MARK, ReadMark } from './message-values.ts';
import { ChatId, MessageId, Seq, UserId } from './values.ts';

const ReadMessages = z.strictObject({ chatId: ChatId, messageIds: z.array(MessageId).min(1).max(500) });
const ReadUpTo = z.strictObject({ chatId: ChatId, seq: Seq });

/** At most this many messages are counted as unread. */
export const MAX_UNREAD = 1_000;
export const Unread = z.int().min(0).max(MAX_UNREAD);

/** Requests of message-service about what users have read. */
export const readContracts = {
  readMessages: request('message.v1.read', {
    caller: 'user',
    isIdempotent: always,
    description: 'Marks messages as read by the actor: all of them or, if one is not in the chat, none.',
    socket: { event: 'readMessages', reply: 'messagesMarkedRead' },
    http: { method: 'post', path: '/chats/:chatId/reads', input: ReadMessages },
    payload: ReadMessages,
    reply: z.array(z.object({ id: MessageId, readBy: UserId })),
    example: {
      payload: { chatId: CHAT_ID, messageIds: [MESSAGE_ID] },
      reply: [{ id: MESSAGE_ID, readBy: ADMIN.id }],
    },
    errors: ['CHAT_NOT_FOUND', 'MESSAGE_NOT_FOUND'],
  }),

  readUpTo: request('message.v1.readUpTo', {
    caller: 'user',
    isIdempotent: always,
    description:
      'Moves the read mark of the actor to `seq`, or to the last message if that is lower. A mark never moves back: the reply is the mark as it stands. ' +
      'With `unread`: the messages of others behind the mark that are not deleted, 1,000 at most.',
    socket: { event: 'readUpTo', reply: 'chatMarkedRead' },
    http: { method: 'post', path: '/chats/:chatId/read', input: ReadUpTo },
    payload: ReadUpTo,
    reply: ReadMark.extend({ seq: z.int().nonnegative(), unread: Unread }),
    example: { payload: { chatId: CHAT_ID, seq: 12 }, reply: { ...MARK, unread: 0 } },
    errors: ['CHAT_NOT_FOUND'],
  }),
};
