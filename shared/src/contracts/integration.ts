import { z } from 'zod';
import type { IntegrationEvent } from './define.ts';
import { ChatId, Timestamp } from './values.ts';

/** The durable topic exchange that settled facts leave by. */
export const EVENTS_EXCHANGE = 'switchboard.events';

export const eventTypeOf = ({ routingKey, version }: IntegrationEvent): string => `switchboard.${routingKey}.v${version.toString()}`;

/**
 * An integration event as it stands in RabbitMQ. CloudEvents 1.0, structured JSON, with the extensions `sequence` and `traceparent`.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export const CloudEvent = z.object({
  specversion: z.literal('1.0'),
  /** Unique by itself, and the same with every repeat: the key by which to take an event once. */
  id: z.string(),
  /** The service whose log it stands in. */
  source: z.string(),
  /** `switchboard.<routing key>.v<version>`, which names the shape of `data`. */
  type: z.string(),
  /** The chat. */
  subject: ChatId,
  /** When it was stored. */
  time: Timestamp,
  datacontenttype: z.literal('application/json'),
  /** Its place among the events of its chat and source: as text and as a number it grows from each to the next, and it may skip. */
  sequence: z.string().regex(/^\d{10}$/),
  /** Where its trace goes on, if that is recorded. W3C Trace Context. */
  traceparent: z.string().optional(),
  data: z.unknown(),
});
export type CloudEvent = z.output<typeof CloudEvent>;

/** The same for one kind of event. */
export const cloudEventOf = <D extends z.ZodType>(integration: IntegrationEvent<D>) =>
  CloudEvent.extend({ type: z.literal(eventTypeOf(integration)), data: integration.data });
