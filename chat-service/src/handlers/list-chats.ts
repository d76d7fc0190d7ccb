import type { Handler } from '@switchboard/shared/bus';
import { mayEnterAny, type chatContracts } from '@switchboard/shared/contracts';
import { DEFAULT_PAGE_LIMIT } from '@switchboard/shared/handlers';
import type { ChatStore } from '../domain/chat-store.ts';

export const listChatsHandler =
  (store: ChatStore): Handler<typeof chatContracts.listChats> =>
  ({ limit = DEFAULT_PAGE_LIMIT, ...filter }, { actor }) =>
    store.list({ ...filter, limit, clientId: mayEnterAny(actor) ? undefined : actor.id });
