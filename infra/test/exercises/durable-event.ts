import type { Edit } from './edits.ts';

/**
 * The exercise "add a durable event with a request": an admin or a client pins a message, every member
 * receives
 * `messagePinned`, returning sockets catch up on it, and other systems receive `message.pinned`. These are
 * all the files that it takes; the gateway has none. `infra/docs/contributing.md` explains each step.
 */
export const durableEvent: readonly Edit[] = [
  {
    path: 'shared/src/contracts/messages.ts',
    insert: [
      {
        before: "import { readContracts } from './reads.ts';",
        lines: "import { MessagePinned } from './message-events.ts';",
      },
      {
        before: 'const Snapshot = z.object({',
        lines: 'const PinMessage = MessagePinned.omit({ userId: true }).strict();',
      },
      {
        before: 'reads: z.array(MessagesRead).optional(),',
        lines: '  pins: z.array(MessagePinned).optional(),',
      },
      {
        before: '...fileContracts,',
        lines: `  pinMessage: request('message.v1.pin', {
    caller: 'user',
    isIdempotent: always,
    description: 'Pins a message for all members.',
    socket: { event: 'pinMessage', reply: 'pinned' },
    payload: PinMessage,
    reply: MessagePinned,
    example: {
      payload: { chatId: CHAT_ID, messageId: MESSAGE_ID },
      reply: { chatId: CHAT_ID, userId: ADMIN.id, messageId: MESSAGE_ID },
    },
    errors: ['CHAT_NOT_FOUND', 'MESSAGE_NOT_FOUND'],
  }),
`,
      },
    ],
  },
  {
    path: 'shared/src/contracts/message-events.ts',
    insert: [
      {
        before: "import { headsSignal } from './log.ts';",
        lines: "import { z } from 'zod';\nimport { ChatId, MessageId, UserId } from './values.ts';",
      },
      {
        before: '/** The events of message-service: the table of contents of its log. */',
        lines:
          'export const MessagePinned = z.object({ chatId: ChatId, userId: UserId, messageId: MessageId });\n',
      },
      {
        before: 'messagesRead: durableEvent({',
        lines: `  messagePinned: durableEvent({
    socket: true,
    catchUp: 'pins',
    description: 'A user pinned a message.',
    payload: MessagePinned,
    example: { chatId: MESSAGE.chatId, userId: ADMIN.id, messageId: MESSAGE.id },
    to: 'everyone',
    author: (pinned) => pinned.userId,
    integration: integrationEvent('message.pinned', {
      version: 1,
      description: 'A user pinned a message.',
      data: MessagePinned,
      example: { chatId: MESSAGE.chatId, userId: ADMIN.id, messageId: MESSAGE.id },
    }),
  }),
`,
      },
    ],
  },
  {
    path: 'message-service/src/events.ts',
    insert: [
      {
        before: 'messagesRead: asStored(messageEvents.messagesRead),',
        lines: '  messagePinned: asStored(messageEvents.messagePinned),',
      },
    ],
  },
  {
    path: 'message-service/src/routes.ts',
    insert: [
      {
        before: "import { readMessagesHandler } from './handlers/read-messages.ts';",
        lines: "import { pinMessageHandler } from './handlers/pin-message.ts';",
      },
      {
        before: 'readMessages: limited(limits, readMessagesHandler(store, chats, bus)),',
        lines: '    pinMessage: limited(limits, pinMessageHandler(store, chats, bus)),',
      },
    ],
  },
  {
    path: 'message-service/src/handlers/pin-message.ts',
    create: `import type { Bus, Handler } from '@switchboard/shared/bus';
import { messageEvents, type messageContracts } from '@switchboard/shared/contracts';
import type { ChatProjection, MessageStore } from '../domain/message-store.ts';
import { withAccess } from './with-access.ts';

export const pinMessageHandler =
  (store: MessageStore, chats: ChatProjection, bus: Bus): Handler<typeof messageContracts.pinMessage> =>
  async ({ chatId, messageId }, context) => {
    const { actor, trace } = context;
    const entry = await withAccess(chats, chatId, context, () => store.pin(actor, chatId, messageId, trace));
    bus.publishEntry('message', chatId, entry, trace);
    return messageEvents.messagePinned.payload.parse(entry.payload);
  };
`,
  },
  {
    path: 'message-service/src/domain/message-store.ts',
    insert: [
      {
        before:
          'readLog(chatId: string, after: number, limit: number): Promise<{ entries: LogEntry[]; hasMore: boolean }>;',
        lines:
          '  pin(actor: Actor, chatId: string, messageId: string, trace: Trace): Promise<LogEntry | undefined>;',
      },
    ],
  },
  {
    path: 'message-service/src/store/message-store.ts',
    insert: [
      {
        before: "import { RenderedLog } from './rendered-log.ts';",
        lines: "import { pinMessage } from './pins.ts';",
      },
      {
        before: 'readLog: (chatId, after, limit) => databaseWork(() => rendered.read(chatId, after, limit)),',
        lines: `    pin: (actor, chatId, messageId, trace) =>
      databaseWork(() =>
        database.transaction((transaction) => pinMessage(transaction, log, actor, chatId, messageId, trace)),
      ),`,
      },
    ],
  },
  {
    path: 'message-service/src/store/pins.ts',
    create: `import { logEntry, mayEnterAny, messageEvents, type Actor, type LogEntry, type Trace } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { ChatLog } from '@switchboard/shared/log';
import type { Database } from '@switchboard/shared/postgres';

/**
 * Appends the pin to the log under the chat's lock; undefined when no row of the chat is the actor's to
 * enter.
 */
export async function pinMessage(
  transaction: Database,
  log: ChatLog,
  actor: Actor,
  chatId: string,
  messageId: string,
  trace: Trace,
): Promise<LogEntry | undefined> {
  const [chat] = await transaction.query<{ rev: number }>(
    'SELECT rev FROM message.chat WHERE id = $1 AND ($2 OR client_id = $3) FOR UPDATE',
    [chatId, mayEnterAny(actor), actor.id],
  );
  if (chat === undefined) return undefined;
  const found = await transaction.query('SELECT 1 FROM message.message WHERE chat_id = $1 AND id = $2', [chatId, messageId]);
  if (found.length === 0) throw new Failure('MESSAGE_NOT_FOUND');
  const entry = logEntry(messageEvents.messagePinned, chat.rev + 1, { chatId, userId: actor.id, messageId });
  await log.append(transaction, [{ chatId, ...entry }], trace);
  await transaction.query('UPDATE message.chat SET rev = $2 WHERE id = $1', [chatId, entry.rev]);
  return entry;
}
`,
  },
];
