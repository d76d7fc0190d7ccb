import { query, row, timeseries } from './panel.ts';
import { of, quantile, rate } from './promql.ts';

export const nats = row('NATS', [
  timeseries('Connected', 'short', '1: the process has its connection to NATS. 0 for 30 seconds is a page.',
    [query('{{service_instance_id}}', `min by (service_instance_id) (switchboard_nats_connected${of()})`)], { badBelow: 1 }),
  timeseries('Reconnections', 'short', 'Within five minutes. All processes at once: the server. One alone: its network, or its event loop.',
    [query('{{service_instance_id}}', `sum by (service_instance_id) (increase(switchboard_nats_reconnections_total${of()}[5m]))`)]),
  timeseries('Published by services, delivered by gateways', 'ops', 'Room events per second. Delivered counts each gateway that has the room, so it may be more; nothing delivered while something is published is a fault, unless nobody has joined.', [
    query('published', rate('switchboard_room_events_published_total', of())),
    query('delivered', rate('switchboard_room_events_delivered_total', of())),
  ]),
  timeseries('Requests over NATS, p99', 's', 'As the asking side sees them and as the answering side does. The difference is NATS, the network, and waiting in either event loop.', [
    query('asked by {{service_name}}', quantile(0.99, 'rpc_client_call_duration_seconds', of(), 'service_name')),
    query('answered by {{service_name}}', quantile(0.99, 'rpc_server_call_duration_seconds', of(), 'service_name')),
  ], { width: 12 }),
  timeseries('Failed requests as the asking side sees them', 'reqps', 'By code. TIMEOUT: nobody answered in time. UNAVAILABLE: nobody listens, or NATS is away.',
    [query('{{service_name}} {{rpc_method}} {{error_type}}', rate('rpc_client_call_duration_seconds_count', of('error_type!=""'), 'service_name', 'rpc_method', 'error_type'))], { width: 12 }),
]);
