import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counts, observe } from '@switchboard/shared/bus';
import type { Logger } from '@switchboard/shared/runtime';
import { judge, PATIENCE, type Answer, type Patience, type Verdict } from './domain/attempt.ts';
import type { Seal } from './domain/seal.ts';
import { headersOf } from './domain/signature.ts';
import type { DeliveryQueue, DueDelivery } from './domain/webhook-store.ts';
import { post } from './post.ts';
import type { Rules } from './url-rules.ts';

const deliveries = new Counts('switchboard.webhook.deliveries', '{attempt}', 'Attempts to post an event to a webhook', 'outcome');

/** How often it is looked how long the oldest waits. */
const LOOK_EVERY_MS = 1_000;
/** How often it is tried to store an outcome, before the receiver is asked again for what it may have taken. */
const STORE_TRIES = 20;

export interface Pace extends Patience {
  /** For an answer. */
  readonly timeoutMs: number;
  /** How often it is looked for what has become due. */
  readonly pollMs: number;
  readonly forgetEveryMs: number;
  /** Attempts under way at once. */
  readonly maxInFlight: number;
  readonly maxPerWebhook: number;
}

export const PACE: Pace = { ...PATIENCE, timeoutMs: 10_000, pollMs: 500, forgetEveryMs: 60_000, maxInFlight: 20, maxPerWebhook: 5 };

export interface WorkerOptions {
  readonly queue: DeliveryQueue;
  readonly seal: Seal;
  readonly rules: Rules;
  readonly leadership: { readonly isHeld: boolean; untilHeld(signal: AbortSignal): Promise<void> };
  readonly pace: Pace;
  readonly logger: Logger;
}

/**
 * Posts what is due: one delivery of a chat after the other, chats and webhooks side by side. Of several replicas the one that leads does it; what it had
 * under way when it died is tried again by its successor.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #ending = new AbortController();
  readonly #news = new EventEmitter();
  /** By webhook and chat. */
  readonly #inFlight = new Map<string, { readonly webhookId: string; readonly work: Promise<void> }>();
  /** Lanes of which an attempt ended since the last look: what that look found of them is of before. */
  readonly #ended = new Set<string>();
  readonly #stopObserving: () => void;
  readonly #running: Promise<void>;
  #oldestWaiting = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #forgottenAt = performance.now();
  #isWoken = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    for (const outcome of ['delivered', 'retried', 'dead']) deliveries.add(0, outcome);
    this.#stopObserving = observe('switchboard.webhook.waiting', 's', 'How long the oldest delivery has waited that is not over; by whoever delivers', () =>
      (options.leadership.isHeld ? [{ labels: {}, value: this.#oldestWaiting }] : []));
    this.#running = this.#run();
  }

  /** Something may have become due. */
  wake(): void {
    this.#isWoken = true;
    this.#news.emit('woken');
  }

  /** Attempts under way come to their end. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await Promise.all([...this.#inFlight.values()].map(({ work }) => work));
    this.#stopObserving();
  }

  async #run(): Promise<void> {
    const { leadership, pace, logger } = this.#options;
    const { signal } = this.#ending;
    for (let failures = 0; ;) {
      try {
        signal.throwIfAborted();
        await leadership.untilHeld(signal);
        this.#isWoken = false;
        await this.#startDue();
        await this.#tend();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (failures++ % 60 === 0) logger.warn({ err: error }, 'deliveries could not be read; they wait');
      }
      if (!this.#isWoken) await once(this.#news, 'woken', { signal: AbortSignal.any([signal, AbortSignal.timeout(pace.pollMs)]) }).catch(() => undefined);
    }
  }

  async #startDue(): Promise<void> {
    const { queue, pace } = this.#options;
    if (this.#inFlight.size >= pace.maxInFlight) return;
    this.#ended.clear();
    // Those under way are due as well until they are settled.
    for (const delivery of await queue.due(2 * pace.maxPerWebhook)) this.#start(delivery);
  }

  async #tend(): Promise<void> {
    const { queue, pace } = this.#options;
    const now = performance.now();
    if (now - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = now;
      this.#oldestWaiting = await queue.oldestWaiting();
    }
    if (now - this.#forgottenAt >= pace.forgetEveryMs) {
      this.#forgottenAt = now;
      await queue.forget();
    }
  }

  #start(delivery: DueDelivery): void {
    const { maxInFlight, maxPerWebhook } = this.#options.pace;
    const lane = `${delivery.webhookId} ${delivery.chatId}`;
    const ofWebhook = [...this.#inFlight.values()].filter(({ webhookId }) => webhookId === delivery.webhookId).length;
    if (this.#ending.signal.aborted || this.#inFlight.has(lane) || this.#ended.has(lane) || this.#inFlight.size >= maxInFlight || ofWebhook >= maxPerWebhook) return;
    const work = this.#deliver(delivery)
      // It stays due: the next look finds it again.
      .catch((error: unknown) => { this.#options.logger.warn({ err: error, delivery: delivery.id }, 'the outcome of a delivery could not be stored; it is tried again'); })
      .finally(() => {
        this.#inFlight.delete(lane);
        this.#ended.add(lane);
        this.wake();
      });
    this.#inFlight.set(lane, { webhookId: delivery.webhookId, work });
  }

  async #deliver(delivery: DueDelivery): Promise<void> {
    const { pace } = this.#options;
    const startedAt = performance.now();
    const answer = await this.#post(delivery);
    const ageMs = delivery.ageMs + performance.now() - startedAt;
    const verdict = judge({ number: delivery.attempts + 1, ageMs, answer }, pace, Math.random());
    await this.#store(delivery, answer, verdict);
    deliveries.add(1, verdict.state === 'waiting' ? 'retried' : verdict.state);
  }

  async #store(delivery: DueDelivery, answer: Answer, verdict: Verdict): Promise<void> {
    const { queue, pace } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        await queue.settle(delivery, answer, verdict);
        return;
      } catch (error) {
        if (attempt === STORE_TRIES || this.#ending.signal.aborted) throw error;
        await sleep(pace.pollMs, undefined, { signal: this.#ending.signal }).catch(() => undefined);
      }
    }
  }

  async #post({ url, webhookId, secret, eventId: id, body, traceparent }: DueDelivery): Promise<Answer> {
    const { seal, rules, pace, logger } = this.#options;
    try {
      const headers = headersOf({ id, body, traceparent }, seal.open(secret, webhookId), Math.floor(Date.now() / 1_000));
      return await post({ url, headers, body, timeoutMs: pace.timeoutMs }, rules);
    } catch (error) {
      logger.error({ err: error, webhook: webhookId }, 'the secret of a webhook cannot be read: was WEBHOOK_KEY changed?');
      return { error: 'the secret of the webhook cannot be read' };
    }
  }
}
