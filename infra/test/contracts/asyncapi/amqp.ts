import {
  cloudEventOf,
  EVENTS_EXCHANGE,
  eventTypeOf,
  integrationEvents,
  type IntegrationEvent,
} from '@switchboard/shared/contracts';
import { pascal, type Components } from '../components/index.ts';
import { cloudEventExample } from '../examples.ts';
import type { JsonSchema } from '../json-schema.ts';
import { at, message, operation, type Part } from './part.ts';

// https://www.asyncapi.com/docs/reference/specification/v3.1.0

/** A routing key per kind of event. */
export function amqpPart(components: Components): Part {
  const events: readonly IntegrationEvent[] = Object.values(integrationEvents);
  return {
    channels: Object.fromEntries(
      events.map((event) => [`amqp.${event.routingKey}`, channelOf(event, components)]),
    ),
    operations: Object.fromEntries(
      events.map(({ routingKey, description }) => [
        `amqp.${routingKey}`,
        {
          ...operation({
            action: 'send',
            title: routingKey,
            description,
            tags: ['other systems'],
            channel: `amqp.${routingKey}`,
            message: 'event',
          }),
          bindings: { amqp: { deliveryMode: 2, mandatory: true, bindingVersion: '0.3.0' } },
        },
      ]),
    ),
  };
}

const channelOf = (event: IntegrationEvent, components: Components): JsonSchema => ({
  address: event.routingKey,
  title: event.routingKey,
  servers: [at('servers', 'rabbitmq')],
  description:
    'At least once; a repeat has the same `id`. Events of a chat come in the order of the log of their `source`.',
  bindings: {
    amqp: {
      is: 'routingKey',
      exchange: { name: EVENTS_EXCHANGE, type: 'topic', durable: true, autoDelete: false, vhost: '/' },
      bindingVersion: '0.3.0',
    },
  },
  messages: {
    event: {
      ...message(
        eventTypeOf(event),
        event.description,
        components.output(
          `${pascal(event.routingKey)}V${String(event.version)}CloudEvent`,
          cloudEventOf(event),
        ),
        cloudEventExample(event),
      ),
      contentType: 'application/cloudevents+json',
    },
  },
});
