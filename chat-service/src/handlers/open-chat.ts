import type { Handler } from '@switchboard/shared/bus';
import type { chatContracts } from '@switchboard/shared/contracts';
import { clientOfNewChat } from '../domain/chat.ts';
import type { ChatStore } from '../domain/chat-store.ts';

export const openChatHandler =
  (store: ChatStore): Handler<typeof chatContracts.openChat> =>
  async ({ clientId, idempotencyKey }, { actor, trace }) => {
    const { chat, isRepeat } = await store.open(
      { clientId: clientOfNewChat(actor, clientId), idempotencyKey },
      trace,
    );
    return { ...chat, deduplicated: isRepeat ? true : undefined };
  };
