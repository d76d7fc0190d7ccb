import type { RequestContext } from '@switchboard/shared/bus';
import { Failure } from '@switchboard/shared/errors';
import type { ChatDirectory } from '../domain/message-store.ts';

/**
 * Runs work that comes back undefined when nothing here is the actor's: then chat-service is asked once, and the work is done again
 * if it says otherwise. Throws CHAT_NOT_FOUND, on the same way whether the chat is not there or not theirs, and UNAVAILABLE when
 * chat-service is down.
 */
export async function onKnownChat<Result>(chats: ChatDirectory, chatId: string, { actor, trace }: RequestContext, work: () => Promise<Result | undefined>): Promise<Result> {
  const result = await work();
  if (result !== undefined) return result;
  const again = (await chats.lookUp(actor, chatId, trace)) && (await work());
  if (again === undefined) throw new Failure('CHAT_NOT_FOUND');
  return again;
}
