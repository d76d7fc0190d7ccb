import { query, timeseries, type Panel } from './panel.ts';
import { max, of, rate, quantile, service } from './promql.ts';

/** The panels of every process. */
export const processPanels = (name: string): Panel[] => [
  timeseries(
    'Event loop delay, p99',
    's',
    '1 in 100 ticks is at least this late. Above 200 ms (the line) for two minutes: ticket.',
    [
      query(
        '{{service_instance_id}}',
        max('nodejs_eventloop_delay_p99_seconds', of(service(name)), 'service_instance_id'),
      ),
    ],
    { bad: 0.2 },
  ),
  timeseries(
    'Event loop utilization',
    'percentunit',
    'The share of time in which the event loop runs code instead of waiting.',
    [
      query(
        '{{service_instance_id}}',
        max('nodejs_eventloop_utilization_ratio', of(service(name)), 'service_instance_id'),
      ),
    ],
    { bad: 0.9 },
  ),
  timeseries(
    'Heap in use',
    'bytes',
    'Memory of JavaScript objects. A sawtooth is normal; a minimum that rises for hours is a leak.',
    [
      query(
        '{{service_instance_id}}',
        `sum by (service_instance_id) (v8js_memory_heap_used_bytes${of(service(name))})`,
      ),
    ],
  ),
];

/** The panels of every service that replies to requests over NATS. */
export const requestPanels = (name: string): Panel[] => [
  timeseries('Requests', 'reqps', 'Requests processed per second, by method.', [
    query('{{rpc_method}}', rate('rpc_server_call_duration_seconds_count', of(service(name)), 'rpc_method')),
  ]),
  timeseries(
    'Failed requests',
    'reqps',
    'Requests that failed, by code. Some are errors of clients (VALIDATION, CHAT_NOT_FOUND); BUSY, UNAVAILABLE, TIMEOUT and INTERNAL are failures on our side.',
    [
      query(
        '{{rpc_method}} {{error_type}}',
        rate(
          'rpc_server_call_duration_seconds_count',
          of(service(name), 'error_type!=""'),
          'rpc_method',
          'error_type',
        ),
      ),
    ],
  ),
  timeseries(
    'Duration of requests, p99',
    's',
    '99 of 100 requests take at most this long, measured in the service alone.',
    [
      query(
        '{{rpc_method}}',
        quantile(0.99, 'rpc_server_call_duration_seconds', of(service(name)), 'rpc_method'),
      ),
    ],
  ),
];

/** The events that a service publishes to rooms. */
export const published = (name: string): Panel =>
  timeseries('Room events published', 'ops', 'Events published to rooms per second, by name.', [
    query('{{event}}', rate('switchboard_room_events_published_total', of(service(name)), 'event')),
  ]);
