import { query, row, timeseries } from './panel.ts';
import { of, rate } from './promql.ts';

export const relay = row('Integration events', [
  timeseries(
    'Lag',
    's',
    'How long the oldest event has waited to be published to RabbitMQ. Above five minutes for five minutes: ticket.',
    [query('{{service_name}}', `max by (service_name) (switchboard_relay_lag_seconds${of()})`)],
    { bad: 300 },
  ),
  timeseries('Events', 'ops', 'Events that RabbitMQ confirmed, per second, by routing key.', [
    query('{{switchboard_event}}', rate('switchboard_relay_events_total', of(), 'switchboard_event')),
  ]),
  timeseries(
    'RabbitMQ',
    'short',
    '1: the replica can publish. 0: RabbitMQ is down, or blocks publishers.',
    [query('{{service_instance_id}}', `min by (service_instance_id) (switchboard_relay_ready${of()})`)],
    { badBelow: 1 },
  ),
  timeseries(
    'Without a queue',
    's',
    'How long events of a kind have waited for a queue that is bound to their routing key.',
    [
      query(
        '{{service_name}} {{switchboard_event}}',
        `max by (service_name, switchboard_event) (switchboard_relay_unrouted_seconds${of()})`,
      ),
    ],
  ),
]);

export const webhooks = row('Webhooks', [
  timeseries(
    'Oldest delivery',
    's',
    'How long the oldest pending delivery has waited. Above an hour for five minutes: ticket, since a receiver is down.',
    [query('oldest', `max(switchboard_webhook_waiting_seconds${of()})`)],
    { bad: 3_600 },
  ),
  timeseries(
    'Attempts',
    'ops',
    'Posts to webhooks per second: delivered, to be retried, or given up. Given up: ticket.',
    [query('{{outcome}}', rate('switchboard_webhook_deliveries_total', of(), 'outcome'))],
  ),
]);
