import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import type { TestSystem, TokenSubject } from '../../test/helpers/index.ts';
import { openChat, patchChat } from './http.ts';
import { conclude, type Closing, type Operation } from './history.ts';
import type { Member } from './member.ts';
import type { Random } from './random.ts';

const CLIENT: TokenSubject = { id: 4_000, role: 'client', email: 'closer@example.com' };
const TRY_FOR_MS = 5_000;

/**
 * Opens a chat and closes it while two admins on two gateways send to it without pause. Returns
 * undefined when opening failed, or when it is unknown whether the chat is closed.
 */
export async function closeDuringSends(
  system: TestSystem,
  writers: readonly Member[],
  operations: Operation[],
  random: Random,
): Promise<Closing | undefined> {
  const chatId = await openChat(system.urls[0] ?? '', system.token(CLIENT)).catch(() => undefined);
  if (chatId === undefined) return undefined;
  const over = new AbortController();
  const writing = writers.map((writer) => write(writer, chatId, operations, over.signal));
  await sleep(200 + random.below(800));
  const repliedAt = await close(random.pick(system.urls), system.token(CLIENT), chatId);
  await sleep(500);
  over.abort();
  await Promise.all(writing);
  return repliedAt === undefined ? undefined : { chatId, repliedAt };
}

/** Retries the closing while its failure is retryable; returns when it was acknowledged. */
async function close(url: string, token: string, chatId: string): Promise<number | undefined> {
  const deadline = performance.now() + TRY_FOR_MS;
  while (performance.now() < deadline) {
    const status = await patchChat(url, token, chatId, { status: 'CLOSED' }).catch(() => 503);
    if (status === 200) return performance.now();
    if (status < 500) return undefined;
    await sleep(100);
  }
  return undefined;
}

async function write(
  writer: Member,
  chatId: string,
  operations: Operation[],
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    const text = randomUUID();
    if (writer.socket.connected) {
      const operation: Operation = {
        chatId,
        senderId: writer.subject.id,
        text,
        invokedAt: performance.now(),
        outcome: 'pending',
        attempts: 1,
      };
      operations.push(operation);
      conclude(operation, await writer.request('sendMessage', { chatId, message: { text } }));
    }
    await sleep(25);
  }
}
