import type { Handler } from '@switchboard/shared/bus';
import type { messageContracts } from '@switchboard/shared/contracts';
import type { ChatDirectory } from '../domain/message-store.ts';

/** Once answered, no send that begins later is judged by an older version: sends read the row under its lock. */
export const takeChatHandler = (chats: ChatDirectory): Handler<typeof messageContracts.takeChat> =>
  async ({ chat }) => {
    await chats.take([chat]);
    return { version: chat.version };
  };
