import { setTimeout as sleep } from 'node:timers/promises';
import type { Handler } from '@switchboard/shared/bus';
import type { chatContracts } from '@switchboard/shared/contracts';
import type { ChatStore } from '../domain/chat-store.ts';

/** Well within REQUEST_TIMEOUT_MS. Longer waits mean that message-service is away. */
const MAX_WAIT_MS = 1_000;
const POLL_MS = 25;

/**
 * The log, read once the last change has its place, at the latest after MAX_WAIT_MS. A gateway that learns of
 * a change between COMMIT and its publication would otherwise deliver it without a place.
 */
export const readLogWhenPlaced =
  (store: Pick<ChatStore, 'isBeingPlaced' | 'readLog'>): Handler<typeof chatContracts.readLog> =>
  async ({ chatId, after, limit }) => {
    const deadline = performance.now() + MAX_WAIT_MS;
    while (performance.now() < deadline && (await store.isBeingPlaced(chatId, MAX_WAIT_MS)))
      await sleep(POLL_MS);
    return store.readLog(chatId, after, limit);
  };
