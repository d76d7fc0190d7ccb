import type { Logger } from 'pino';
import type { Bus } from '../bus/index.ts';
import { LOG_PAGE, type Heads } from '../contracts/log.ts';
import type { SignalContract } from '../contracts/define.ts';
import type { Database } from '../postgres/failures.ts';
import type { ChatLog } from './chat-log.ts';

const EVERY_MS = 1_000;
/** How often each head is announced, since a signal may be lost as easily as the event itself. */
const REPEATS = 3;

/** Announces the heads of recently changed chats every second, from every replica. Returns how to stop. */
export function announceHeads(
  log: Pick<ChatLog, 'headsSince' | 'recentStart'>,
  database: Database,
  bus: Pick<Bus, 'isConnected' | 'onReconnect' | 'signal'>,
  contract: SignalContract,
  logger: Logger,
): () => void {
  let horizons: number[] = [];
  const announce = async () => {
    if (!bus.isConnected) return;
    // A replica may have died between COMMIT and publish, so the first round reaches back before this start.
    const before = horizons;
    const { heads, horizon } = await log.headsSince(database, before[0] ?? (await log.recentStart(database)));
    // After a reconnection in the meantime, the next round reaches back.
    if (horizons === before) horizons = [...before, horizon].slice(-REPEATS);
    for (const page of headPages(heads)) bus.signal(contract, { heads: page });
  };
  // All repeats may have gone into a dead connection.
  bus.onReconnect(() => {
    horizons = [];
  });
  const timer = setInterval(() => {
    announce().catch((error: unknown) => {
      logger.debug({ err: error }, 'log: announcing heads failed');
    });
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
  };
}

export function* headPages(heads: Heads): Generator<Heads> {
  for (let start = 0; start < heads.length; start += LOG_PAGE) yield heads.slice(start, start + LOG_PAGE);
}
