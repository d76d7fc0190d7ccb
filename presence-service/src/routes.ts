import type { Bus, RoutesOf } from '@switchboard/shared/bus';
import type { presenceContracts } from '@switchboard/shared/contracts';
import { pingHandler } from '@switchboard/shared/handlers';
import type { ChatProjection, PresenceStore } from './domain/presence-store.ts';
import type { RevocationStore } from './domain/revocation-store.ts';
import { enterChatHandler } from './handlers/enter-chat.ts';
import { leaveChatHandler } from './handlers/leave-chat.ts';
import { listActiveUsersHandler } from './handlers/list-active-users.ts';
import { renewLeaseHandler } from './handlers/renew-lease.ts';
import { readRevocationsHandler, revokeHandler } from './handlers/revocations.ts';
import { setTypingHandler } from './handlers/set-typing.ts';

/** The table of contents of presence-service: a contract without a handler does not compile. */
export const routes = (store: PresenceStore, revocations: RevocationStore, chats: ChatProjection, bus: Bus) =>
  ({
    enterChat: enterChatHandler(store, chats, bus),
    leaveChat: leaveChatHandler(store, chats, bus),
    setTyping: setTypingHandler(chats, bus),
    listActiveUsers: listActiveUsersHandler(store, chats),
    renewLease: renewLeaseHandler(store),
    revoke: revokeHandler(revocations),
    readRevocations: readRevocationsHandler(revocations),
    ping: pingHandler(store),
  }) satisfies RoutesOf<typeof presenceContracts>;
