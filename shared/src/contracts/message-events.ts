import { durableEvent, eventsOf, integrationEvent } from './define.ts';
import { ADMIN, LATER } from './examples.ts';
import { headsSignal } from './log.ts';
import { MARK, Message, MESSAGE, MessageCreated, MessagesRead, READ, ReadMark } from './message-values.ts';

const EDITED = { ...MESSAGE, text: 'Hello, my order 4711 has not arrived.', version: 2, editedAt: LATER };
const REACTED = { ...MESSAGE, version: 2, reactions: [{ emoji: '👍', userIds: [ADMIN.id] }] };
const DELETED = { ...MESSAGE, text: undefined, version: 2, deletedAt: LATER, deletedBy: ADMIN.id };

/** Three kinds in the log and for other systems; members receive the same state of each. */
const messageChanged = {
  socket: true,
  socketEvent: 'messageChanged',
  catchUp: 'changes',
  description:
    'A message was edited, deleted or reacted to: the message as it is now. Of two copies the one with the higher `version` is the newer.',
  payload: Message,
  to: 'everyone',
  author: () => undefined,
} as const;

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

  chatRead: durableEvent({
    socket: true,
    catchUp: 'readMarks',
    description:
      'The read mark of a user moved to `seq`: the user has read everything up to there. Keep the highest. Every joined socket but the one that asked receives it. A send moves the mark of its sender without this event.',
    payload: ReadMark,
    example: MARK,
    to: 'otherSockets',
    author: (mark) => mark.userId,
    integration: integrationEvent('message.read_mark_moved', {
      version: 1,
      description: 'The read mark of a user moved to `seq`: the user has read everything up to there.',
      data: ReadMark,
      example: MARK,
    }),
  }),

  messageEdited: durableEvent({
    ...messageChanged,
    example: EDITED,
    integration: integrationEvent('message.edited', {
      version: 1,
      description: 'The text of a message was changed: the message as it is now.',
      data: MessageCreated,
      example: EDITED,
    }),
  }),

  messageDeleted: durableEvent({
    ...messageChanged,
    example: DELETED,
    integration: integrationEvent('message.deleted', {
      version: 1,
      description: 'A message was deleted: what is left of it, without text and file.',
      data: MessageCreated,
      example: DELETED,
    }),
  }),

  messageReacted: durableEvent({
    ...messageChanged,
    example: REACTED,
    integration: integrationEvent('message.reacted', {
      version: 1,
      description: 'A user reacted to a message, or took a reaction back: the message as it is now.',
      data: MessageCreated,
      example: REACTED,
    }),
  }),
});
export const { newMessage, messagesRead, chatRead, messageEdited, messageDeleted, messageReacted } =
  messageEvents;

export const messageHeads = headsSignal('message');
