import { z } from 'zod';
import { always, never, request } from './define.ts';
import { integrationEvents } from './events.ts';
import { AT, CHAT_ID, CURSOR, LATER, WEBHOOK_ID } from './examples.ts';
import { pingContract } from './log.ts';
import { ChatId, Cursor, PageLimit, PageLimitQuery, Timestamp, WebhookId } from './values.ts';

/** A replay repeats at most this many deliveries. */
export const REPLAY_PAGE = 1_000;

/** An event type, by the routing key of its integration event. */
export const EventKey = z.enum(Object.keys(integrationEvents));

/** The URL to post deliveries to. The owner judges whether its host is allowed. */
const WebhookUrl = z
  .string()
  .max(2_048)
  .refine((text) => /^[^\s\p{C}]+$/u.test(text), {
    error: 'must have no spaces, ends of lines or hidden characters',
    abort: true,
  })
  .refine(isPlainUrl, { error: 'must be an https URL without credentials and fragment' })
  .refine((text) => URL.parse(text)?.port !== '0', { error: 'must not have the port 0' })
  .meta({ format: 'uri' });

function isPlainUrl(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.hash === ''
  );
}

/**
 * Of Standard Webhooks: `whsec_` and the key in base64, or any other text, whose bytes are the key. Libraries
 * of the standard read every secret as base64, with or without `whsec_`: they fit only secrets with it.
 */
const WebhookSecret = z
  .string()
  .min(32)
  .max(256)
  .regex(/^[!-~]+$/, { error: 'must be of visible ASCII characters' })
  .refine(
    (secret) =>
      !secret.startsWith('whsec_') ||
      /^whsec_(?:[A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(secret),
    { error: 'must be base64, of 24 bytes or more, behind whsec_' },
  );

export const Webhook = z.object({
  id: WebhookId,
  url: z.string(),
  events: z.array(z.string()),
  createdAt: Timestamp,
});
export type Webhook = z.output<typeof Webhook>;

export const DeliveryState = z.enum(['waiting', 'delivered', 'dead']);
export type DeliveryState = z.output<typeof DeliveryState>;

export const Delivery = z.object({
  id: z.uuid(),
  /** The CloudEvent's id, sent as `webhook-id` with each attempt. */
  eventId: z.string(),
  type: z.string(),
  chatId: ChatId,
  state: DeliveryState,
  /** Since the first delivery, or since the last replay. */
  attempts: z.int().nonnegative(),
  /** The HTTP status that the last attempt got, or why it got none. */
  lastStatus: z.int().optional(),
  lastError: z.string().optional(),
  lastAt: Timestamp.optional(),
  /** The next attempt; absent while the delivery waits behind an earlier one of its chat. */
  nextAt: Timestamp.optional(),
  deliveredAt: Timestamp.optional(),
});
export type Delivery = z.output<typeof Delivery>;

const Register = z.strictObject({
  url: WebhookUrl,
  events: z.array(EventKey).min(1).max(50),
  secret: WebhookSecret,
});
const Remove = z.strictObject({ webhookId: WebhookId });
const ListDeliveries = z.strictObject({
  webhookId: WebhookId,
  state: DeliveryState.optional(),
  limit: PageLimit.optional(),
  cursor: Cursor.optional(),
});
const Replay = z.strictObject({ webhookId: WebhookId, deliveryId: z.uuid().toLowerCase().optional() });

const DELIVERY_ID = '0198c0de-0006-7000-8000-000000000007';
const WEBHOOK = {
  id: WEBHOOK_ID,
  url: 'https://crm.example.com/switchboard',
  events: ['message.created'],
  createdAt: AT,
};
const FAILED = {
  id: DELIVERY_ID,
  eventId: `message/${CHAT_ID}/12`,
  type: 'switchboard.message.created.v1',
  chatId: CHAT_ID,
  state: 'waiting',
  attempts: 3,
  lastStatus: 503,
  lastError: 'answered with 503',
  lastAt: AT,
  nextAt: LATER,
} as const;

export const webhookContracts = {
  registerWebhook: request('webhook.v1.register', {
    caller: 'machine',
    isIdempotent: never,
    http: { method: 'post', path: '/admin/webhooks', status: 201, input: Register },
    description:
      'Posts these events to the URL from now on, signed with the secret as in Standard Webhooks. No reply ever contains the secret. ' +
      'Libraries of the standard need a secret with `whsec_`. Refused: URLs that are not https, and hosts with an address that is not public.',
    payload: Register,
    reply: Webhook,
    example: {
      payload: {
        url: WEBHOOK.url,
        events: ['message.created'],
        secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      },
      reply: WEBHOOK,
    },
    errors: ['VALIDATION', 'NOT_CONFIGURED'],
  }),

  listWebhooks: request('webhook.v1.list', {
    caller: 'machine',
    isIdempotent: always,
    http: { method: 'get', path: '/admin/webhooks', input: z.strictObject({}) },
    description: 'All webhooks, the oldest first, without their secrets.',
    payload: z.strictObject({}),
    reply: z.object({ webhooks: z.array(Webhook) }),
    example: { payload: {}, reply: { webhooks: [WEBHOOK] } },
    errors: ['UNAVAILABLE', 'NOT_CONFIGURED'],
  }),

  removeWebhook: request('webhook.v1.remove', {
    caller: 'machine',
    isIdempotent: never,
    http: { method: 'delete', path: '/admin/webhooks/:webhookId', input: Remove },
    description: 'Stops deliveries and deletes their records. An attempt in progress ends by itself.',
    payload: Remove,
    reply: z.object({ id: WebhookId }),
    example: { payload: { webhookId: WEBHOOK_ID }, reply: { id: WEBHOOK_ID } },
    errors: ['WEBHOOK_NOT_FOUND', 'NOT_CONFIGURED'],
  }),

  listDeliveries: request('webhook.v1.listDeliveries', {
    caller: 'machine',
    isIdempotent: always,
    http: {
      method: 'get',
      path: '/admin/webhooks/:webhookId/deliveries',
      input: ListDeliveries.extend({ limit: PageLimitQuery.optional() }),
    },
    description:
      'Past, current and waiting deliveries, the latest event first. Delivered ones are kept for 7 days, dead ones for 30.',
    payload: ListDeliveries,
    reply: z.object({ deliveries: z.array(Delivery), nextCursor: Cursor.optional() }),
    example: {
      payload: { webhookId: WEBHOOK_ID, state: 'waiting', limit: 20 },
      reply: { deliveries: [FAILED], nextCursor: CURSOR },
    },
    errors: ['WEBHOOK_NOT_FOUND', 'VALIDATION', 'NOT_CONFIGURED'],
  }),

  replayDeliveries: request('webhook.v1.replay', {
    caller: 'machine',
    isIdempotent: never,
    http: { method: 'post', path: '/admin/webhooks/:webhookId/replay', input: Replay },
    description:
      `Repeats one finished delivery, or the oldest ${REPLAY_PAGE.toString()} dead ones, with 24 hours of attempts as at first. ` +
      '`count`: how many. They go before the other waiting deliveries of their chats.',
    payload: Replay,
    reply: z.object({ count: z.int().nonnegative() }),
    example: { payload: { webhookId: WEBHOOK_ID, deliveryId: DELIVERY_ID }, reply: { count: 1 } },
    errors: ['WEBHOOK_NOT_FOUND', 'NOT_CONFIGURED'],
  }),

  ping: pingContract('webhook'),
};
