import type { Logger } from 'pino';
import type { Bus } from '../bus/index.ts';
import { LOG_PAGE, type Heads } from '../contracts/log.ts';
import type { SignalContract } from '../contracts/define.ts';
import type { Database } from '../postgres/failures.ts';
import type { ChatLog } from './chat-log.ts';

const EVERY_MS = 1_000;
/** Each head is told this often, since a signal may be lost as easily as the event it stands for. */
const REPEATS = 3;

/** Announces the heads of the chats that changed lately, every second, by every replica. Returns how to stop. */
export function announceHeads(log: Pick<ChatLog, 'headsSince' | 'recently'>, database: Database, bus: Pick<Bus, 'isConnected' | 'onReconnect' | 'signal'>, contract: SignalContract, logger: Logger): () => void {
  let horizons: number[] = [];
  const tick = async () => {
    if (!bus.isConnected) return;
    // A predecessor may have died between a COMMIT and telling of it: the first time reaches back before our own start.
    const before = horizons;
    const { heads, horizon } = await log.headsSince(database, before[0] ?? (await log.recently(database)));
    // Otherwise there was a reconnection meanwhile, and the next time reaches back.
    if (horizons === before) horizons = [...before, horizon].slice(-REPEATS);
    for (const page of pages(heads)) bus.signal(contract, { heads: page });
  };
  // The repeats may all have gone into a connection that was dead already.
  bus.onReconnect(() => { horizons = []; });
  const timer = setInterval(() => {
    tick().catch((error: unknown) => { logger.debug({ err: error }, 'heads could not be announced'); });
  }, EVERY_MS);
  return () => { clearInterval(timer); };
}

export function* pages(heads: Heads): Generator<Heads> {
  for (let start = 0; start < heads.length; start += LOG_PAGE) yield heads.slice(start, start + LOG_PAGE);
}
