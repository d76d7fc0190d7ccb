import { query, row, timeseries } from './panel.ts';
import { processPanels } from './process.ts';
import { max, of, quantile, rate, sum } from './promql.ts';

const CODE = 'http_response_status_code';

const sockets = [
  timeseries(
    'Sockets',
    'short',
    'Connected sockets per gateway. A drop to zero that recovers is a restart of the gateway.',
    [query('{{service_instance_id}}', sum('switchboard_gateway_sockets', of(), 'service_instance_id'))],
  ),
  timeseries('Rooms', 'short', 'Chats with at least one joined socket, per gateway.', [
    query('{{service_instance_id}}', sum('switchboard_gateway_rooms', of(), 'service_instance_id')),
  ]),
  timeseries('Answers to events', 'ops', 'Events of clients per second, by outcome: ok, or the error code.', [
    query('{{outcome}}', rate('switchboard_event_duration_seconds_count', of(), 'outcome')),
  ]),
];

const durations = [
  timeseries(
    'Duration of events, p99',
    's',
    'The gateway replies to 99 of 100 events within this time, by name.',
    [query('{{event}}', quantile(0.99, 'switchboard_event_duration_seconds', of(), 'event'))],
    { bad: 0.5 },
  ),
  timeseries(
    'Delivery by gateway, p99',
    's',
    'From reading the frame to the sockets of the same gateway, newMessage only. If one gateway is slow, that gateway is the cause; if all are slow, a service or server behind them is.',
    [
      query(
        '{{service_instance_id}}',
        quantile(
          0.99,
          'switchboard_delivery_duration_seconds',
          of('event="newMessage"'),
          'service_instance_id',
        ),
      ),
    ],
    { bad: 0.5 },
  ),
  timeseries(
    'Requests to services, p99',
    's',
    'As the gateway measures them: the time in the service, in NATS and on the network.',
    [
      query(
        '{{rpc_method}}',
        quantile(0.99, 'rpc_client_call_duration_seconds', of('service_name="gateway"'), 'rpc_method'),
      ),
    ],
  ),
];

const rooms = [
  timeseries('Room events delivered', 'ops', 'Events delivered to sockets per second, by name.', [
    query('{{event}}', rate('switchboard_room_events_delivered_total', of(), 'event')),
  ]),
  timeseries(
    'Entries behind',
    'short',
    'Log entries that exist but are not yet delivered to rooms. Above zero for a minute: page.',
    [
      query(
        '{{service_instance_id}} {{owner}}',
        max('switchboard_gateway_entries_behind', of(), 'service_instance_id', 'owner'),
      ),
    ],
    { bad: 1 },
  ),
  timeseries(
    'Repairs',
    'ops',
    'Entries that arrived twice (repeated), arrived too early (held) or had to be read from the log (filled).',
    [
      query('repeated {{owner}}', rate('switchboard_room_events_repeated_total', of(), 'owner')),
      query('held {{owner}}', rate('switchboard_room_events_held_total', of(), 'owner')),
      query('filled {{owner}}', rate('switchboard_room_events_filled_total', of(), 'owner')),
    ],
  ),
];

const http = [
  timeseries(
    'HTTP requests',
    'reqps',
    'Requests of the HTTP API per second, by route and status.',
    [
      query(
        '{{http_request_method}} {{http_route}} {{http_response_status_code}}',
        rate(
          'http_server_request_duration_seconds_count',
          of('service_name="gateway"'),
          'http_request_method',
          'http_route',
          CODE,
        ),
      ),
    ],
    { width: 12 },
  ),
  timeseries(
    'Duration of HTTP requests, p99',
    's',
    '99 of 100 requests take at most this long, by route. Uploads and downloads take longer with larger files.',
    [
      query(
        '{{http_request_method}} {{http_route}}',
        quantile(
          0.99,
          'http_server_request_duration_seconds',
          of('service_name="gateway"'),
          'http_request_method',
          'http_route',
        ),
      ),
    ],
    { width: 12 },
  ),
];

const limits = [
  timeseries(
    'Refused for their rate',
    'ops',
    'Events, requests and connections per second that exceeded a rate limit: of a socket, a user, or an address.',
    [query('{{limit}}', rate('switchboard_gateway_rate_limited_total', of(), 'limit'))],
  ),
  timeseries(
    'Connections refused',
    'ops',
    'Connections refused at the handshake, per second: by origin, by rate, or because the address has too many. By rate or address above 0.1 for ten minutes: ticket.',
    [query('{{reason}}', rate('switchboard_gateway_refused_connections_total', of(), 'reason'))],
  ),
  timeseries(
    'Connections cut off',
    'ops',
    'Per second: because the client sent too much (flood) or read too slowly (backlog).',
    [query('{{reason}}', rate('switchboard_gateway_cut_off_total', of(), 'reason'))],
  ),
];

export const gateway = row('gateway', [
  ...sockets,
  ...durations,
  ...rooms,
  ...limits,
  ...http,
  ...processPanels('gateway'),
]);
