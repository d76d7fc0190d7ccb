import type { Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import type { ChatProjection, MessageStore } from '../domain/message-store.ts';

/** After the reply, no later send is judged by an older version: sends read the chat's row under its lock. */
export const applyChatHandler =
  (
    store: Pick<MessageStore, 'placements'>,
    chats: ChatProjection,
  ): Handler<typeof messageContracts.applyChat> =>
  async ({ chat, since }) => {
    await chats.apply([chat]);
    return {
      version: chat.version,
      placements: since === undefined ? undefined : await store.placements(chat.id, since, chat.version),
    };
  };
