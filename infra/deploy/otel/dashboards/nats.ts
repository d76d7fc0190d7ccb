import { query, row, timeseries } from './panel.ts';
import { of, quantile, rate } from './promql.ts';

export const nats = row('NATS', [
  timeseries(
    'Connected',
    'short',
    '1: the process is connected to NATS. 0 for 30 seconds: page.',
    [query('{{service_instance_id}}', `min by (service_instance_id) (switchboard_nats_connected${of()})`)],
    { badBelow: 1 },
  ),
  timeseries(
    'Reconnections',
    'short',
    'Reconnections within five minutes. If all processes reconnect at once, the cause is the server; if only one does, its network or its event loop.',
    [
      query(
        '{{service_instance_id}}',
        `sum by (service_instance_id) (increase(switchboard_nats_reconnections_total${of()}[5m]))`,
      ),
    ],
  ),
  timeseries(
    'Published by services, delivered by gateways',
    'ops',
    'Room events per second. Each gateway that has the room counts as one delivery, so delivered may exceed published. Published without delivered is a fault, unless no socket has joined.',
    [
      query('published', rate('switchboard_room_events_published_total', of())),
      query('delivered', rate('switchboard_room_events_delivered_total', of())),
    ],
  ),
  timeseries(
    'Requests over NATS, p99',
    's',
    'As the requesting and the replying side measure them. The difference is the time in NATS, on the network, and in the queue of either event loop.',
    [
      query(
        'requested by {{service_name}}',
        quantile(0.99, 'rpc_client_call_duration_seconds', of(), 'service_name'),
      ),
      query(
        'processed by {{service_name}}',
        quantile(0.99, 'rpc_server_call_duration_seconds', of(), 'service_name'),
      ),
    ],
    { width: 12 },
  ),
  timeseries(
    'Failed requests as the asking side sees them',
    'reqps',
    'By code. TIMEOUT: no reply in time. UNAVAILABLE: no process subscribes, or NATS is down.',
    [
      query(
        '{{service_name}} {{rpc_method}} {{error_type}}',
        rate(
          'rpc_client_call_duration_seconds_count',
          of('error_type!=""'),
          'service_name',
          'rpc_method',
          'error_type',
        ),
      ),
    ],
    { width: 12 },
  ),
  timeseries(
    'Silent replicas',
    'short',
    'Replicas that are subscribed and do not announce themselves: frozen, or their event loop is stuck. Requests go to the others. More than none for 30 seconds: ticket.',
    [query('{{service}}', 'max by (service) (switchboard_replicas{state="silent"})')],
    { bad: 1, width: 12 },
  ),
  timeseries(
    'Requests sent again',
    'reqps',
    'Requests per second that went to a second replica: the first was gone, or silent and the request idempotent.',
    [query('{{service}}', rate('switchboard_rpc_resends_total', of(), 'service'))],
    { width: 12 },
  ),
]);
