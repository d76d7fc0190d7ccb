import { chatContracts } from './chats.ts';
import type { EdgeRequestContract, RequestContract } from './define.ts';
import { messageContracts } from './messages.ts';
import { presenceContracts } from './presence.ts';
import { edgeContracts } from './session.ts';
import { webhookContracts } from './webhooks.ts';

export { ERRORS, type ErrorCode } from '../errors.ts';
export * from './access.ts';
export * from './catch-up.ts';
export * from './chats.ts';
export { cut } from './cut.ts';
export * from './define.ts';
export * from './error-details.ts';
export * from './events.ts';
export * from './features.ts';
export * from './files.ts';
export * from './integration.ts';
export * from './limits.ts';
export * from './log.ts';
export * from './message-events.ts';
export {
  Message,
  MessageCreated,
  MessagesRead,
  NewMessage,
  PlainMessage,
  Reaction,
  ReadMark,
} from './message-values.ts';
export * from './messages.ts';
export * from './parse.ts';
export * from './placement.ts';
export * from './presence.ts';
export { MAX_UNREAD } from './reads.ts';
export * from './session.ts';
export type * from './socket-events.ts';
export * from './timeline.ts';
export * from './trace.ts';
export { Subject } from './users.ts';
export * from './values.ts';
export * from './webhooks.ts';

/** Every request. The gateway offers to clients those that name a Socket.IO event or an HTTP route. */
export const requestContracts: readonly RequestContract[] = [
  ...Object.values(chatContracts),
  ...Object.values(messageContracts),
  ...Object.values(presenceContracts),
  ...Object.values(webhookContracts),
];

/** The requests that the gateway itself handles. */
export const edgeRequests: readonly EdgeRequestContract[] = Object.values(edgeContracts);
