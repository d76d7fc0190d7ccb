import type { RequestContext } from '@switchboard/shared/bus';
import { Failure } from '@switchboard/shared/errors';
import type { ChatProjection } from '../domain/message-store.ts';

/**
 * Runs work that returns undefined if no row here gives the actor access to the chat. It then looks the chat
 * up in chat-service once and, if that grants access, runs the work again. Throws CHAT_NOT_FOUND, with the
 * same steps for a missing chat and for another user's, and UNAVAILABLE when chat-service is down.
 */
export async function withAccess<Result>(
  chats: ChatProjection,
  chatId: string,
  { actor, trace }: RequestContext,
  work: () => Promise<Result | undefined>,
): Promise<Result> {
  const result = await work();
  if (result !== undefined) return result;
  const secondResult = (await chats.lookUp(actor, chatId, trace)) && (await work());
  if (secondResult === undefined) throw new Failure('CHAT_NOT_FOUND');
  return secondResult;
}
