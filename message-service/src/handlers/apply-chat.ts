import type { Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import type { ChatProjection } from '../domain/message-store.ts';

/** After the reply, no later send is judged by an older version: sends read the chat's row under its lock. */
export const applyChatHandler =
  (chats: ChatProjection): Handler<typeof messageContracts.applyChat> =>
  async ({ chat }) => {
    await chats.apply([chat]);
    return { version: chat.version };
  };
