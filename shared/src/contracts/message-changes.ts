import { z } from 'zod';
import { always, request } from './define.ts';
import { ADMIN, CHAT_ID, LATER, MESSAGE_ID } from './examples.ts';
import { MESSAGE, Message } from './message-values.ts';
import { ChatId, Emoji, MessageId, Text } from './values.ts';

const Named = z.strictObject({ chatId: ChatId, messageId: MessageId });
const EditMessage = Named.extend({
  text: Text,
  /** Of the message that the author saw. */
  version: z.int().positive(),
});
/** Over HTTP the version may come as an entity tag. RFC 9110, section 13.1.1 */
const EditOverHttp = Named.extend({
  text: Text,
  version: z.int().positive().optional(),
  ifMatch: z
    .string()
    .regex(/^"[1-9]\d{0,8}"$/, { error: 'must be the version in quotes, such as "1"' })
    .optional(),
})
  .refine(({ version, ifMatch }) => version !== undefined || ifMatch !== undefined, {
    error: 'version or If-Match is needed',
  })
  .transform(({ ifMatch, version = Number(ifMatch?.slice(1, -1)), ...edit }) => ({ ...edit, version }));
const React = Named.extend({ emoji: Emoji, on: z.boolean() });

const MESSAGE_PATH = '/chats/:chatId/messages/:messageId';

const NAMED = { chatId: CHAT_ID, messageId: MESSAGE_ID };
const TEXT = 'Hello, my order 4711 has not arrived.';

/** Requests of message-service that change a message. Each replies with the message as it is then. */
export const messageChangeContracts = {
  editMessage: request('message.v1.edit', {
    caller: 'user',
    isIdempotent: always,
    description:
      "Changes the text of one's own message, for a while after it was sent (`EDIT_WINDOW_S`). `version`: of the copy that the author saw; when the text was changed since, MESSAGE_CONFLICT names the present one. A repeat gets the same reply.",
    socket: { event: 'editMessage', reply: 'messageEdited' },
    http: {
      method: 'patch',
      path: MESSAGE_PATH,
      headers: { 'if-match': 'ifMatch' },
      input: EditOverHttp,
      example: { ...NAMED, text: TEXT, ifMatch: '"1"' },
    },
    payload: EditMessage,
    reply: Message,
    example: {
      payload: { ...NAMED, text: TEXT, version: 1 },
      reply: { ...MESSAGE, text: TEXT, version: 2, editedAt: LATER },
    },
    errors: [
      'CHAT_NOT_FOUND',
      'CHAT_CLOSED',
      'MESSAGE_NOT_FOUND',
      'MESSAGE_CONFLICT',
      'EDIT_WINDOW_OVER',
      'FORBIDDEN',
    ],
  }),

  deleteMessage: request('message.v1.delete', {
    caller: 'user',
    isIdempotent: always,
    description:
      "Deletes a message: one's own for a while after it was sent (`EDIT_WINDOW_S`), an admin any, also in a closed chat. It keeps its place, without text and file, and its file is no longer served.",
    socket: { event: 'deleteMessage', reply: 'messageDeleted' },
    http: { method: 'delete', path: MESSAGE_PATH, input: Named },
    payload: Named,
    reply: Message,
    example: { payload: NAMED, reply: { ...MESSAGE, text: undefined, version: 2, deletedAt: LATER } },
    errors: ['CHAT_NOT_FOUND', 'MESSAGE_NOT_FOUND', 'EDIT_WINDOW_OVER', 'FORBIDDEN'],
  }),

  react: request('message.v1.react', {
    caller: 'user',
    isIdempotent: always,
    description:
      'Puts an emoji of the actor on a message (`on: true`) or takes it back. A message has at most 20 different ones.',
    socket: { event: 'react', reply: 'messageReacted' },
    http: { method: 'post', path: `${MESSAGE_PATH}/reactions`, input: React },
    payload: React,
    reply: Message,
    example: {
      payload: { ...NAMED, emoji: '👍', on: true },
      reply: { ...MESSAGE, version: 2, reactions: [{ emoji: '👍', userIds: [ADMIN.id] }] },
    },
    errors: ['CHAT_NOT_FOUND', 'CHAT_CLOSED', 'MESSAGE_NOT_FOUND', 'MESSAGE_CONFLICT', 'VALIDATION'],
  }),
};
