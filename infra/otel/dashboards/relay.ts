import { query, row, timeseries } from './panel.ts';
import { of, rate } from './promql.ts';

export const relay = row('Integration events', [
  timeseries('Lag', 's', 'How long the first event has waited that is to leave for RabbitMQ. Five minutes, for five minutes, are a ticket.',
    [query('{{service_name}}', `max by (service_name) (switchboard_relay_lag_seconds${of()})`)], { bad: 300 }),
  timeseries('Events', 'ops', 'Confirmed by RabbitMQ, by routing key.', [query('{{switchboard_event}}', rate('switchboard_relay_events_total', of(), 'switchboard_event'))]),
  timeseries('RabbitMQ', 'short', '1: the replica could publish. 0: RabbitMQ is away, or takes nothing.',
    [query('{{service_instance_id}}', `min by (service_instance_id) (switchboard_relay_ready${of()})`)], { badBelow: 1 }),
  timeseries('Without a queue', 's', 'How long events of a kind have waited for a queue that takes them.',
    [query('{{service_name}} {{switchboard_event}}', `max by (service_name, switchboard_event) (switchboard_relay_unrouted_seconds${of()})`)]),
]);

export const webhooks = row('Webhooks', [
  timeseries('Oldest delivery', 's', 'How long the oldest delivery has waited that is not over. An hour is a ticket: a receiver is away.',
    [query('oldest', `max(switchboard_webhook_waiting_seconds${of()})`)], { bad: 3_600 }),
  timeseries('Attempts', 'ops', 'Posts to webhooks: delivered; to be tried again; given up, which is a ticket.', [query('{{outcome}}', rate('switchboard_webhook_deliveries_total', of(), 'outcome'))]),
]);
