import { chatAssigned, chatContracts, chatOpened, chatStatusChanged } from './chats.ts';
import type { RequestContract, RoomEventContract } from './define.ts';
import { messageContracts, messagesRead, newMessage } from './messages.ts';
import { participantUpdate, presenceContracts, userTyping } from './presence.ts';

export * from './access.ts';
export * from './chats.ts';
export * from './define.ts';
export * from './log.ts';
export * from './messages.ts';
export * from './parse.ts';
export * from './presence.ts';
export * from './trace.ts';
export * from './values.ts';

/** Everything that can be asked, by anybody: what the gateway offers to clients is what here names an event or a path. */
export const requestContracts: readonly RequestContract[] = [
  ...Object.values(chatContracts),
  ...Object.values(messageContracts),
  ...Object.values(presenceContracts),
];

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
