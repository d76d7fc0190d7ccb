import type { Delivery, DeliveryState, Webhook } from '@switchboard/shared/contracts';
import type { AttemptResult, Verdict } from './attempt.ts';
import type { ReceivedEvent } from './event.ts';

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

/**
 * The registered webhooks and the log of their deliveries. Failures: UNAVAILABLE and BUSY when Postgres is
 * down or slow; WEBHOOK_NOT_FOUND.
 */
export interface WebhookStore {
  /** Resolves after COMMIT. `by`: the system that registers. */
  register(webhook: NewWebhook, by: string): Promise<Webhook>;
  list(): Promise<Webhook[]>;
  remove(webhookId: string): Promise<void>;
  /** The latest event first. Throws VALIDATION for an invalid cursor. */
  listDeliveries(filter: DeliveryFilter): Promise<{ deliveries: Delivery[]; nextCursor?: string }>;
  /** Makes a finished delivery, or the oldest dead ones, wait again. Returns how many. */
  replay(webhookId: string, deliveryId: string | undefined): Promise<number>;
  /** Encrypts secrets of the previous key with the current one. Returns how many. */
  reencrypt(): Promise<number>;
  isReady(): Promise<boolean>;
}

/** A delivery that may be posted now: the oldest waiting one of its webhook and chat. */
export interface DueDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly url: string;
  /** Encrypted, with the webhook as its owner. */
  readonly secret: Buffer;
  readonly eventId: string;
  readonly chatId: string;
  readonly body: string;
  readonly traceparent: string | undefined;
  /** Attempts before this one. */
  readonly attempts: number;
  /** Time since the first attempt; 0 before it. */
  readonly ageMs: number;
}

/**
 * A FIFO queue of deliveries per webhook and chat. Invariant: only the oldest waiting delivery of a queue is
 * due, also when several workers enqueue, settle and replay at the same time.
 */
export interface DeliveryQueue {
  /**
   * Stores one delivery per event and subscribed webhook, in order, in one transaction. Ignores events that
   * are already stored.
   */
  enqueue(events: readonly ReceivedEvent[]): Promise<void>;
  /** Returns at most `perWebhook` deliveries of each webhook. */
  due(perWebhook: number): Promise<DueDelivery[]>;
  /** Stores an attempt. A final one makes the next delivery of the chat due; a stale one is ignored. */
  settle(delivery: DueDelivery, result: AttemptResult, verdict: Verdict): Promise<void>;
  /** The age of the oldest waiting delivery in seconds; 0 when none waits. */
  oldestWaiting(): Promise<number>;
  /** Deletes finished deliveries after their retention, and removed webhooks; some thousands per call. */
  prune(): Promise<void>;
}

/** The URLs to which deliveries may be posted. */
export interface UrlRules {
  /** Throws VALIDATION for a forbidden URL, or one whose host is not found. */
  requireAllowed(url: string): Promise<void>;
}
