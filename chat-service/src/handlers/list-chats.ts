import type { Handler } from '@switchboard/shared/bus';
import type { chatContracts } from '@switchboard/shared/contracts';
import type { ChatStore } from '../domain/chat-store.ts';

const DEFAULT_LIMIT = 50;

export const listChatsHandler = (store: ChatStore): Handler<typeof chatContracts.listChats> =>
  ({ limit = DEFAULT_LIMIT, ...filter }, { actor }) =>
    store.list({ ...filter, limit, clientId: actor.role === 'client' ? actor.id : undefined });
