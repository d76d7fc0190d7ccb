import type { Trace } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { ChatDirectory } from '../domain/message-store.ts';

/**
 * Runs work that comes back undefined when this service has no row of the chat: then chat-service is asked once and the
 * work is done again. Throws CHAT_NOT_FOUND when it does not exist there either, UNAVAILABLE when chat-service is down.
 */
export async function onKnownChat<Result>(chats: ChatDirectory, chatId: string, trace: Trace, work: () => Promise<Result | undefined>): Promise<Result> {
  const result = await work();
  if (result !== undefined) return result;
  const again = (await chats.lookUp(chatId, trace)) && (await work());
  if (again === undefined) throw new Failure('CHAT_NOT_FOUND');
  return again;
}
