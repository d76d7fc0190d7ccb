import type { Bus } from '@switchboard/shared/bus';
import type { Logger } from '@switchboard/shared/runtime';
import { newTrace } from '@switchboard/shared/telemetry';
import type { ChatStore, UnconfirmedKey } from './domain/chat-store.ts';
import { completeChange } from './handlers/complete-change.ts';

const EVERY_MS = 3_000;
/** A change that is younger may still be completed by its own request. */
const MIN_AGE_MS = 2_000;
/** Changes per round. */
const PAGE = 100;
/** Above this age of a change a failure is a warning, as often as this. */
const WARN_MS = 30_000;

/**
 * Completes the changes whose request to message-service failed. Each replica does it; a change that two
 * complete is published twice, which followers drop.
 */
export class Completion {
  readonly #store: Pick<ChatStore, 'confirm' | 'listUnconfirmed'>;
  readonly #bus: Pick<Bus, 'isConnected' | 'publishEntry' | 'request'>;
  readonly #logger: Logger;
  /** A round begins behind the last change that was tried: one that always fails does not hold up others. */
  #after: UnconfirmedKey | undefined;
  #warnedAt = 0;
  #isStopped = false;

  constructor(
    store: Pick<ChatStore, 'confirm' | 'listUnconfirmed'>,
    bus: Pick<Bus, 'isConnected' | 'publishEntry' | 'request'>,
    logger: Logger,
  ) {
    this.#store = store;
    this.#bus = bus;
    this.#logger = logger;
  }

  /** Begins a round every EVERY_MS, one at a time. Returns how to stop. */
  start(): () => Promise<void> {
    let round: Promise<void> | undefined;
    const timer = setInterval(() => {
      round ??= this.runOnce().finally(() => {
        round = undefined;
      });
    }, EVERY_MS);
    return async () => {
      this.#isStopped = true;
      clearInterval(timer);
      await round;
    };
  }

  /** One round: at most PAGE changes, up to the first that fails. */
  async runOnce(): Promise<void> {
    if (!this.#bus.isConnected) return;
    try {
      for (const { key, ...unconfirmed } of await this.#nextPage()) {
        if (this.#isStopped) return;
        this.#after = key;
        await completeChange(this.#store, this.#bus, unconfirmed, newTrace());
      }
    } catch (error) {
      this.#report(error);
    }
  }

  async #nextPage(): ReturnType<ChatStore['listUnconfirmed']> {
    const page = await this.#store.listUnconfirmed(MIN_AGE_MS, this.#after, PAGE);
    if (page.length > 0 || this.#after === undefined) return page;
    this.#after = undefined;
    return await this.#store.listUnconfirmed(MIN_AGE_MS, undefined, PAGE);
  }

  #report(error: unknown): void {
    const { chatId, changedAt = new Date() } = this.#after ?? {};
    const now = Date.now();
    const isLong = now - changedAt.getTime() > WARN_MS && now - this.#warnedAt > WARN_MS;
    if (isLong) this.#warnedAt = now;
    this.#logger[isLong ? 'warn' : 'debug'](
      { err: error, chat_id: chatId, changed_at: changedAt },
      'completion: giving a change to message-service failed; it is retried',
    );
  }
}
