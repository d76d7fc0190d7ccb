import { query, row, stat, timeseries } from './panel.ts';

const programs = ['gateway', 'chat-service', 'message-service', 'presence-service'];
const OURS = 'outcome=~"BUSY|UNAVAILABLE|TIMEOUT|INTERNAL"';

const now = [
  stat('Sends', 'ops', 'sendMessage events per second on all gateways.', [
    query('sends', 'sum(rate(switchboard_event_duration_seconds_count{event="sendMessage"}[5m]))'),
  ]),
  stat(
    'Failed sends, 1 h',
    'percentunit',
    'The share of sends that failed on our side within the last hour. The objective allows 0.1 % over 30 days.',
    [query('failed', 'switchboard:sends_failed:ratio_rate1h')],
    { bad: 0.001 },
  ),
  stat(
    'Send to ack, p99',
    's',
    '99 of 100 sends are acknowledged within this time, measured from reading the frame.',
    [query('p99', 'switchboard:send_to_ack_seconds:p99_5m')],
    { bad: 0.5 },
  ),
  stat(
    'Send to deliver, p99',
    's',
    '99 of 100 messages reach the sockets of the same gateway within this time. The objective: 500 ms.',
    [query('p99', 'switchboard:send_to_deliver_seconds:p99_5m')],
    { bad: 0.5 },
  ),
  stat(
    'Processes',
    'short',
    'Processes that report metrics. Below one of a kind, no process does its work.',
    programs.map((name) =>
      query(name, `count(switchboard_nats_connected{service_name="${name}"}) or vector(0)`),
    ),
    { badBelow: 1 },
  ),
  stat(
    'Alerts',
    'short',
    'Alerts that fire now. Each has a page in infra/docs/operations.',
    [query('firing', 'count(ALERTS{alertstate="firing"}) or vector(0)')],
    { bad: 1 },
  ),
];

const traffic = [
  timeseries('Traffic', 'ops', 'Events of clients per second, by name, on all gateways.', [
    query('{{event}}', 'sum by (event) (rate(switchboard_event_duration_seconds_count[$__rate_interval]))'),
  ]),
  timeseries(
    'Errors',
    'ops',
    'Events per second that failed on our side, by code. Errors of clients are in the gateway row.',
    [
      query(
        '{{event}} {{outcome}}',
        `sum by (event, outcome) (rate(switchboard_event_duration_seconds_count{${OURS}}[$__rate_interval]))`,
      ),
    ],
  ),
  timeseries(
    'Failed sends by window',
    'percentunit',
    'The share of sends that failed on our side. The line is the objective. An alert pages at 14.4 times the objective over both 1 h and 5 min, and opens a ticket at 6 times over both 6 h and 30 min.',
    [
      query('5 m', 'switchboard:sends_failed:ratio_rate5m'),
      query('30 m', 'switchboard:sends_failed:ratio_rate30m'),
      query('1 h', 'switchboard:sends_failed:ratio_rate1h'),
      query('6 h', 'switchboard:sends_failed:ratio_rate6h'),
    ],
    { bad: 0.001 },
  ),
];

const latency = [
  timeseries(
    'Latency of sends',
    's',
    'From reading the frame of a sendMessage to its acknowledgement, and to the sockets of the same gateway. The line is the objective for delivery.',
    [
      query('ack p99', 'switchboard:send_to_ack_seconds:p99_5m'),
      query('deliver p99', 'switchboard:send_to_deliver_seconds:p99_5m'),
      query(
        'ack p50',
        'histogram_quantile(0.5, sum by (le) (rate(switchboard_event_duration_seconds_bucket{event="sendMessage"}[$__rate_interval])))',
      ),
      query(
        'deliver p50',
        'histogram_quantile(0.5, sum by (le) (rate(switchboard_delivery_duration_seconds_bucket{event="newMessage"}[$__rate_interval])))',
      ),
    ],
    { bad: 0.5 },
  ),
  timeseries(
    'Saturation: event loops',
    'percentunit',
    'The utilization of the busiest event loop, by kind of process. Near 100 % all its work queues.',
    [query('{{service_name}}', 'max by (service_name) (nodejs_eventloop_utilization_ratio)')],
    { bad: 0.9 },
  ),
  timeseries(
    'Saturation: connections to Postgres',
    'percentunit',
    'The share of open connections in use, in the fullest pool of each service. At 100 % with waiting work, the pool is exhausted.',
    [
      query(
        '{{service_name}}',
        'max by (service_name) (sum by (service_name, service_instance_id) (db_client_connection_count{db_client_connection_state="used"}) / (sum by (service_name, service_instance_id) (db_client_connection_count) > 0))',
      ),
    ],
  ),
];

export const overview = row('Overview', [...now, ...traffic, ...latency]);
