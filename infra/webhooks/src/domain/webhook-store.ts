import type { Delivery, DeliveryState, Webhook } from '@switchboard/shared/contracts';
import type { Answer, Verdict } from './attempt.ts';
import type { TakenEvent } from './event.ts';

export interface NewWebhook {
  readonly url: string;
  readonly events: readonly string[];
  readonly secret: string;
}

export interface DeliveryFilter {
  readonly webhookId: string;
  readonly state?: DeliveryState | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Who is told, and of what they were. Failures: UNAVAILABLE and BUSY when Postgres is down or slow; WEBHOOK_NOT_FOUND. */
export interface WebhookStore {
  /** Resolves after COMMIT. `by`: the machine that asks. */
  register(webhook: NewWebhook, by: string): Promise<Webhook>;
  list(): Promise<Webhook[]>;
  remove(webhookId: string): Promise<void>;
  /** The latest event first. Throws VALIDATION for a cursor that is none. */
  listDeliveries(filter: DeliveryFilter): Promise<{ deliveries: Delivery[]; nextCursor?: string }>;
  /** Puts a delivery that is over, or the oldest dead ones, back among those that wait. Returns how many. */
  replay(webhookId: string, deliveryId: string | undefined): Promise<number>;
  /** Seals anew what another key than the current one sealed. Returns how many. */
  sealAnew(): Promise<number>;
  isReady(): Promise<boolean>;
}

/** One that may be tried now: the oldest of its webhook and chat. */
export interface DueDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly url: string;
  /** Sealed for the webhook. */
  readonly secret: Buffer;
  readonly eventId: string;
  readonly chatId: string;
  readonly body: string;
  readonly traceparent: string | undefined;
  /** Before this one. */
  readonly attempts: number;
  /** Since the first attempt; 0 before it. */
  readonly ageMs: number;
}

/**
 * What the worker does with deliveries. Of a webhook and chat only the oldest that waits is ever due, whatever is taken,
 * settled and replayed at once, by however many workers.
 */
export interface DeliveryQueue {
  /** One delivery for each webhook that wants it; all of them, in their order, or none. What was taken before changes nothing. */
  take(events: readonly TakenEvent[]): Promise<void>;
  /** Of each webhook at most so many. */
  due(perWebhook: number): Promise<DueDelivery[]>;
  /** Writes down an attempt, and makes the next one of its chat due when it is over. A stale one changes nothing. */
  settle(delivery: DueDelivery, answer: Answer, verdict: Verdict): Promise<void>;
  /** Seconds; 0 when nothing waits. */
  oldestWaiting(): Promise<number>;
  /** Forgets what is over for long, and what is left of webhooks that are gone; some thousands at a time. */
  forget(): Promise<void>;
}

/** Where deliveries may go. */
export interface UrlRules {
  /** Throws VALIDATION for a URL that must not be posted to, or whose host is not found. */
  requireAllowed(url: string): Promise<void>;
}
