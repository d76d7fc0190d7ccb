import { chatAssigned, chatContracts, chatFacts, chatOpened, chatStatusChanged } from './chats.ts';
import type { EdgeRequestContract, RequestContract, RoomEventContract } from './define.ts';
import { messageContracts, messageFacts, messagesRead, newMessage } from './messages.ts';
import { participantUpdate, presenceContracts, userTyping } from './presence.ts';
import { edgeContracts } from './session.ts';
import { webhookContracts } from './webhooks.ts';

export * from './access.ts';
export * from './chats.ts';
export * from './define.ts';
export * from './integration.ts';
export * from './log.ts';
export * from './messages.ts';
export * from './parse.ts';
export * from './presence.ts';
export * from './session.ts';
export type * from './socket-events.ts';
export * from './trace.ts';
export * from './values.ts';
export * from './webhooks.ts';

/** Everything that can be asked, by anybody: what the gateway offers to clients is what here names an event or a path. */
export const requestContracts: readonly RequestContract[] = [
  ...Object.values(chatContracts),
  ...Object.values(messageContracts),
  ...Object.values(presenceContracts),
  ...Object.values(webhookContracts),
];

/** What the gateway answers itself. */
export const edgeRequests: readonly EdgeRequestContract[] = Object.values(edgeContracts);

/** Everything that leaves for other systems, by routing key. */
export const integrationEvents = { ...chatFacts, ...messageFacts };

/** Everything that a room can hear. */
export const roomEvents: readonly RoomEventContract[] = [
  chatOpened,
  chatAssigned,
  chatStatusChanged,
  newMessage,
  messagesRead,
  participantUpdate,
  userTyping,
];
