import { z } from 'zod';
import { chatFacts } from './chats.ts';
import { request } from './define.ts';
import { AT, CHAT_ID, CURSOR, LATER, WEBHOOK_ID } from './examples.ts';
import { pingContract } from './log.ts';
import { messageFacts } from './messages.ts';
import { ChatId, Cursor, PageLimit, PageLimitQuery, Timestamp, WebhookId } from './values.ts';

/** How many deliveries one replay takes up at most. */
export const REPLAY_PAGE = 1_000;

/** Which events: by the routing keys under which they leave for RabbitMQ. */
const EventKey = z.enum(Object.keys({ ...chatFacts, ...messageFacts }));

/** Where deliveries are posted. Whether its host is allowed is the owner's to judge. */
const WebhookUrl = z
  .string()
  .max(2_048)
  .refine(isPlainUrl, { error: 'must be an https URL without credentials and fragment' })
  .meta({ format: 'uri' });

function isPlainUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.hash === '';
}

/** Of Standard Webhooks: `whsec_` and the key in base64, or any other text, whose bytes are the key. */
const WebhookSecret = z
  .string()
  .min(32)
  .max(256)
  .regex(/^[!-~]+$/, { error: 'must be of visible ASCII characters' })
  .refine((secret) => !secret.startsWith('whsec_') || /^whsec_(?:[A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(secret), { error: 'must be base64, of 24 bytes or more, behind whsec_' });

const Webhook = z.object({ id: WebhookId, url: z.string(), events: z.array(z.string()), createdAt: Timestamp });
export type Webhook = z.output<typeof Webhook>;

export const DeliveryState = z.enum(['waiting', 'delivered', 'dead']);
export type DeliveryState = z.output<typeof DeliveryState>;

const Delivery = z.object({
  id: z.uuid(),
  /** Of the CloudEvent: the `webhook-id` of each attempt. */
  eventId: z.string(),
  type: z.string(),
  chatId: ChatId,
  state: DeliveryState,
  /** Since it was first to be delivered, or replayed. */
  attempts: z.int().nonnegative(),
  /** What the last attempt was answered with, or why it was not. */
  lastStatus: z.int().optional(),
  lastError: z.string().optional(),
  lastAt: Timestamp.optional(),
  /** When it is tried next; one that waits behind another of its chat has none. */
  nextAt: Timestamp.optional(),
  deliveredAt: Timestamp.optional(),
});
export type Delivery = z.output<typeof Delivery>;

const Register = z.strictObject({ url: WebhookUrl, events: z.array(EventKey).min(1).max(50), secret: WebhookSecret });
const Remove = z.strictObject({ webhookId: WebhookId });
const ListDeliveries = z.strictObject({ webhookId: WebhookId, state: DeliveryState.optional(), limit: PageLimit.optional(), cursor: Cursor.optional() });
const Replay = z.strictObject({ webhookId: WebhookId, deliveryId: z.uuid().optional() });

const DELIVERY_ID = '0198c0de-0006-7000-8000-000000000007';
const WEBHOOK = { id: WEBHOOK_ID, url: 'https://crm.example.com/switchboard', events: ['message.created'], createdAt: AT };
const FAILED = {
  id: DELIVERY_ID, eventId: `message/${CHAT_ID}/12`, type: 'switchboard.message.created.v1', chatId: CHAT_ID,
  state: 'waiting', attempts: 3, lastStatus: 503, lastError: 'answered with 503', lastAt: AT, nextAt: LATER,
} as const;

export const webhookContracts = {
  registerWebhook: request('webhook.v1.register', {
    caller: 'machine',
    http: { method: 'post', path: '/admin/webhooks', status: 201, input: Register },
    description: 'From now on these events are posted to the URL, signed with the secret as Standard Webhooks has it. The secret is never told again. '
      + 'Refused: URLs that are not https, and hosts with an address that is not public.',
    payload: Register,
    reply: Webhook,
    example: { payload: { url: WEBHOOK.url, events: ['message.created'], secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }, reply: WEBHOOK },
    errors: ['VALIDATION'],
  }),

  listWebhooks: request('webhook.v1.list', {
    caller: 'machine',
    http: { method: 'get', path: '/admin/webhooks', input: z.strictObject({}) },
    description: 'All webhooks, the oldest first, without their secrets.',
    payload: z.strictObject({}),
    reply: z.object({ webhooks: z.array(Webhook) }),
    example: { payload: {}, reply: { webhooks: [WEBHOOK] } },
    errors: ['UNAVAILABLE'],
  }),

  removeWebhook: request('webhook.v1.remove', {
    caller: 'machine',
    http: { method: 'delete', path: '/admin/webhooks/:webhookId', input: Remove },
    description: 'Nothing more is posted, and what was is forgotten. An attempt under way ends by itself.',
    payload: Remove,
    reply: z.object({ id: WebhookId }),
    example: { payload: { webhookId: WEBHOOK_ID }, reply: { id: WEBHOOK_ID } },
    errors: ['WEBHOOK_NOT_FOUND'],
  }),

  listDeliveries: request('webhook.v1.listDeliveries', {
    caller: 'machine',
    http: { method: 'get', path: '/admin/webhooks/:webhookId/deliveries', input: ListDeliveries.extend({ limit: PageLimitQuery.optional() }) },
    description: 'What was, is and will be posted, the latest event first. Delivered ones are kept for 7 days, dead ones for 30.',
    payload: ListDeliveries,
    reply: z.object({ deliveries: z.array(Delivery), nextCursor: Cursor.optional() }),
    example: { payload: { webhookId: WEBHOOK_ID, state: 'waiting', limit: 20 }, reply: { deliveries: [FAILED], nextCursor: CURSOR } },
    errors: ['WEBHOOK_NOT_FOUND', 'VALIDATION'],
  }),

  replayDeliveries: request('webhook.v1.replay', {
    caller: 'machine',
    http: { method: 'post', path: '/admin/webhooks/:webhookId/replay', input: Replay },
    description: `Takes up again one delivery that is over, or all dead ones: the oldest ${REPLAY_PAGE.toString()} of them, with 24 hours of attempts as at first. `
      + '`count`: how many. They go before whatever else waits of their chats.',
    payload: Replay,
    reply: z.object({ count: z.int().nonnegative() }),
    example: { payload: { webhookId: WEBHOOK_ID, deliveryId: DELIVERY_ID }, reply: { count: 1 } },
    errors: ['WEBHOOK_NOT_FOUND'],
  }),

  ping: pingContract('webhook'),
};
