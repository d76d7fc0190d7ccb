import { z } from 'zod';
import type { IntegrationEvent } from './define.ts';
import { ChatId, Timestamp } from './values.ts';

/** The durable topic exchange to which the relays publish. */
export const EVENTS_EXCHANGE = 'switchboard.events';

export const eventTypeOf = ({ routingKey, version }: IntegrationEvent): string =>
  `switchboard.${routingKey}.v${version.toString()}`;

/**
 * An integration event as published to RabbitMQ. CloudEvents 1.0, structured JSON, with the extensions
 * `sequence`, `stateof` and `traceparent`.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export const CloudEvent = z.object({
  specversion: z.literal('1.0'),
  /** The idempotency key: unique, and the same with every repeat. One id never has two bodies. */
  id: z.string(),
  /** The service that owns the log. */
  source: z.string(),
  /** `switchboard.<routing key>.v<version>`, which names the shape of `data`. */
  type: z.string(),
  /** The chat. */
  subject: ChatId,
  /** The time of COMMIT, by the owner's Postgres. */
  time: Timestamp,
  datacontenttype: z.literal('application/json'),
  /** The event's place among those of its chat and source. Grows, as text and as a number, and may skip. */
  sequence: z.string().regex(/^\d{10}$/),
  /** Present where `data` shows a newer state than the event's: the `sequence` of that state. */
  stateof: z
    .string()
    .regex(/^\d{10}$/)
    .optional(),
  /** The span that continues the trace, if the trace is recorded. W3C Trace Context. */
  traceparent: z.string().optional(),
  data: z.unknown(),
});
export type CloudEvent = z.output<typeof CloudEvent>;

/** The CloudEvent of one kind of event. */
export const cloudEventOf = <D extends z.ZodType>(integration: IntegrationEvent<D>) =>
  CloudEvent.extend({ type: z.literal(eventTypeOf(integration)), data: integration.data });
