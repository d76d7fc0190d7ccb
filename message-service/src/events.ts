import {
  logEntry,
  messageEvents,
  type DurableEventContract,
  type Message,
  type PayloadOf,
} from '@switchboard/shared/contracts';
import { asStored, type DataOf, type EntriesOf, type Entry } from '@switchboard/shared/log';
import { MessageFact } from './domain/log-fact.ts';
import type { MessagesOfPage, StoredMessages } from './domain/log-sources.ts';
import { renderCreated, type StoredMessage } from './domain/message.ts';

/** An entry about one message. */
const ofMessage = <C extends DurableEventContract>(
  contract: C,
  members: (message: Message) => PayloadOf<C>,
  systems: (message: StoredMessage) => DataOf<C>,
): Entry<C, MessagesOfPage, StoredMessages> => ({
  contract,
  render({ rev, payload }, messageAt) {
    const message = messageAt(MessageFact.parse(payload).seq);
    return message && logEntry(contract, rev, members(message));
  },
  publish({ chatId, rev, payload }, messageAt) {
    const message = messageAt(chatId, MessageFact.parse(payload).seq);
    return { data: systems(message), asOf: Math.max(rev, message.changedRev ?? 0) };
  },
});

/** The durable events of message-service. */
export const events = {
  newMessage: ofMessage(messageEvents.newMessage, (message) => message, renderCreated),
  messagesRead: asStored(messageEvents.messagesRead),
  chatRead: asStored(messageEvents.chatRead),
  messageEdited: ofMessage(messageEvents.messageEdited, (message) => message, renderCreated),
  messageDeleted: ofMessage(messageEvents.messageDeleted, (message) => message, renderCreated),
  messageReacted: ofMessage(messageEvents.messageReacted, (message) => message, renderCreated),
} satisfies EntriesOf<typeof messageEvents, MessagesOfPage, StoredMessages>;
