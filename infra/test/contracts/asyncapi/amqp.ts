import {
  cloudEventOf,
  EVENTS_EXCHANGE,
  eventTypeOf,
  integrationEvents,
  type IntegrationEvent,
} from '@switchboard/shared/contracts';
import { cloudEventExample } from '../examples.ts';
import { jsonSchemaOf } from '../json-schema.ts';
import { summaryOf } from '../operations.ts';
import { at, message, type Part } from './part.ts';

// https://www.asyncapi.com/docs/reference/specification/v3.0.0

/** A routing key per kind of event. */
export function amqpPart(): Part {
  const events: readonly IntegrationEvent[] = Object.values(integrationEvents);
  return {
    channels: Object.fromEntries(
      events.map((event) => [
        `amqp.${event.routingKey}`,
        {
          address: event.routingKey,
          title: event.routingKey,
          servers: [at('servers', 'rabbitmq')],
          description:
            'At least once, and a repeat has the same `id`; those of a chat in the order of the log of their `source`.',
          bindings: {
            amqp: {
              is: 'routingKey',
              exchange: {
                name: EVENTS_EXCHANGE,
                type: 'topic',
                durable: true,
                autoDelete: false,
                vhost: '/',
              },
              bindingVersion: '0.3.0',
            },
          },
          messages: {
            event: {
              ...message(
                eventTypeOf(event),
                event.description,
                jsonSchemaOf(cloudEventOf(event)),
                cloudEventExample(event),
              ),
              contentType: 'application/cloudevents+json',
            },
          },
        },
      ]),
    ),
    operations: Object.fromEntries(
      events.map(({ routingKey, description }) => [
        `amqp.${routingKey}`,
        {
          action: 'send',
          title: routingKey,
          summary: summaryOf(description),
          description,
          tags: [{ name: 'other systems' }],
          bindings: { amqp: { deliveryMode: 2, mandatory: true, bindingVersion: '0.3.0' } },
          channel: at('channels', `amqp.${routingKey}`),
          messages: [at('channels', `amqp.${routingKey}`, 'messages', 'event')],
        },
      ]),
    ),
  };
}
