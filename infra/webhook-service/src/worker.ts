import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, observeGauge } from '@switchboard/shared/telemetry';
import type { Logger } from '@switchboard/shared/runtime';
import { judge, RETRY_POLICY, type AttemptResult, type RetryPolicy, type Verdict } from './domain/attempt.ts';
import type { Seal } from './domain/seal.ts';
import { headersOf } from './domain/signature.ts';
import type { DeliveryQueue, DueDelivery } from './domain/webhook-store.ts';
import { post } from './post.ts';
import type { Rules } from './url-rules.ts';

const deliveries = new Counter(
  'switchboard.webhook.deliveries',
  '{attempt}',
  'Attempts to post an event to a webhook',
  'outcome',
);

/** How often the worker measures the age of the oldest waiting delivery. */
const MEASURE_EVERY_MS = 1_000;
/** Tries to store a result. After these the worker posts again what the receiver may already have. */
const STORE_TRIES = 20;

export interface Pace extends RetryPolicy {
  /** How long an attempt waits for a response. */
  readonly timeoutMs: number;
  /** How often the worker reads the due deliveries. */
  readonly pollMs: number;
  readonly pruneEveryMs: number;
  /** Concurrent attempts. */
  readonly maxInFlight: number;
  readonly maxPerWebhook: number;
}

export const PACE: Pace = {
  ...RETRY_POLICY,
  timeoutMs: 10_000,
  pollMs: 500,
  pruneEveryMs: 60_000,
  maxInFlight: 20,
  maxPerWebhook: 5,
};

export interface WorkerOptions {
  readonly queue: DeliveryQueue;
  readonly seal: Seal;
  readonly rules: Rules;
  readonly leadership: { readonly isHeld: boolean; untilHeld(signal: AbortSignal): Promise<void> };
  readonly pace: Pace;
  readonly logger: Logger;
}

/**
 * Posts due deliveries: one at a time per webhook and chat, different chats and webhooks concurrently. Runs
 * on the leading replica only. When a leader dies, its successor repeats the attempts that were in flight.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #ending = new AbortController();
  readonly #signals = new EventEmitter();
  /** Keyed by webhook and chat. */
  readonly #inFlight = new Map<string, { readonly webhookId: string; readonly work: Promise<void> }>();
  /** Queues whose attempt ended since the last read began: that read is stale for them. */
  readonly #endedSinceRead = new Set<string>();
  readonly #stopObserving: () => void;
  readonly #running: Promise<void>;
  #oldestWaiting = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;
  #prunedAt = performance.now();
  #isWoken = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    for (const outcome of ['delivered', 'retried', 'dead']) deliveries.add(0, outcome);
    this.#stopObserving = observeGauge(
      'switchboard.webhook.waiting',
      's',
      'Age of the oldest delivery that is not finished; reported by the leading replica',
      () => (options.leadership.isHeld ? [{ labels: {}, value: this.#oldestWaiting }] : []),
    );
    this.#running = this.#run();
  }

  /** Makes the worker read the due deliveries now. */
  wake(): void {
    this.#isWoken = true;
    this.#signals.emit('woken');
  }

  /** Resolves when the attempts in flight have ended. */
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
        await this.#maintain();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (failures++ % 60 === 0)
          logger.warn({ err: error }, 'worker: reading due deliveries failed; they wait');
      }
      if (!this.#isWoken)
        await once(this.#signals, 'woken', {
          signal: AbortSignal.any([signal, AbortSignal.timeout(pace.pollMs)]),
        }).catch(() => undefined);
    }
  }

  async #startDue(): Promise<void> {
    const { queue, pace } = this.#options;
    if (this.#inFlight.size >= pace.maxInFlight) return;
    this.#endedSinceRead.clear();
    // Twice the limit: deliveries in flight stay due until they are settled.
    for (const delivery of await queue.due(2 * pace.maxPerWebhook)) this.#start(delivery);
  }

  async #maintain(): Promise<void> {
    const { queue, pace } = this.#options;
    const now = performance.now();
    if (now - this.#measuredAt >= MEASURE_EVERY_MS) {
      this.#measuredAt = now;
      this.#oldestWaiting = await queue.oldestWaiting();
    }
    if (now - this.#prunedAt >= pace.pruneEveryMs) {
      this.#prunedAt = now;
      await queue.prune();
    }
  }

  #start(delivery: DueDelivery): void {
    const { maxInFlight, maxPerWebhook } = this.#options.pace;
    const queueKey = `${delivery.webhookId} ${delivery.chatId}`;
    const ofWebhook = [...this.#inFlight.values()].filter(
      ({ webhookId }) => webhookId === delivery.webhookId,
    ).length;
    if (
      this.#ending.signal.aborted ||
      this.#inFlight.has(queueKey) ||
      this.#endedSinceRead.has(queueKey) ||
      this.#inFlight.size >= maxInFlight ||
      ofWebhook >= maxPerWebhook
    )
      return;
    const work = this.#deliver(delivery)
      // The delivery stays due: the next read returns it again.
      .catch((error: unknown) => {
        this.#options.logger.warn(
          { err: error, delivery: delivery.id },
          'worker: storing the result of a delivery failed; the delivery is posted again',
        );
      })
      .finally(() => {
        this.#inFlight.delete(queueKey);
        this.#endedSinceRead.add(queueKey);
        this.wake();
      });
    this.#inFlight.set(queueKey, { webhookId: delivery.webhookId, work });
  }

  async #deliver(delivery: DueDelivery): Promise<void> {
    const { pace } = this.#options;
    const startedAt = performance.now();
    const result = await this.#post(delivery);
    const ageMs = delivery.ageMs + performance.now() - startedAt;
    const verdict = judge({ number: delivery.attempts + 1, ageMs, result }, pace, Math.random());
    await this.#store(delivery, result, verdict);
    deliveries.add(1, verdict.state === 'waiting' ? 'retried' : verdict.state);
  }

  async #store(delivery: DueDelivery, result: AttemptResult, verdict: Verdict): Promise<void> {
    const { queue, pace } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        await queue.settle(delivery, result, verdict);
        return;
      } catch (error) {
        if (attempt === STORE_TRIES || this.#ending.signal.aborted) throw error;
        await sleep(pace.pollMs, undefined, { signal: this.#ending.signal }).catch(() => undefined);
      }
    }
  }

  async #post({
    url,
    webhookId,
    secret,
    eventId: id,
    body,
    traceparent,
  }: DueDelivery): Promise<AttemptResult> {
    const { seal, rules, pace, logger } = this.#options;
    try {
      const headers = headersOf(
        { id, body, traceparent },
        seal.decrypt(secret, webhookId),
        Math.floor(Date.now() / 1_000),
      );
      return await post({ url, headers, body, timeoutMs: pace.timeoutMs }, rules);
    } catch (error) {
      logger.error(
        { err: error, webhook: webhookId },
        'worker: decrypting a secret failed; if WEBHOOK_KEY changed, set WEBHOOK_KEY_ALSO to the old key',
      );
      return { error: 'the secret of the webhook cannot be read' };
    }
  }
}
