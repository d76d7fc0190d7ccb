import { eventTypeOf, type CloudEvent, type IntegrationEvent } from '@switchboard/shared/contracts';

const CHAT_ID = '0198c0de-0000-7000-8000-000000000001';

/** The event as the relay publishes it. */
export const cloudEventExample = (event: IntegrationEvent): CloudEvent => {
  const [owner = ''] = event.routingKey.split('.');
  return {
    specversion: '1.0',
    id: `${owner}/${CHAT_ID}/12`,
    source: `/switchboard/${owner}-service`,
    type: eventTypeOf(event),
    subject: CHAT_ID,
    time: '2026-03-14T15:09:26.535Z',
    datacontenttype: 'application/json',
    sequence: '0000000012',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    data: event.example,
  };
};
