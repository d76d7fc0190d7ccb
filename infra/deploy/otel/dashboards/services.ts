import { query, row, timeseries } from './panel.ts';
import { processPanels, published, requestPanels } from './process.ts';
import { of, quantile, rate, ratio } from './promql.ts';

export const chatService = row('chat-service', [
  ...requestPanels('chat-service'),
  published('chat-service'),
  ...processPanels('chat-service'),
]);

const batches = timeseries(
  'Messages per transaction',
  'short',
  'Sends that arrive while a transaction commits share the next one. Batches grow with load, or with a slow COMMIT.',
  [
    query(
      'mean',
      ratio(
        rate('switchboard_message_batch_size_sum', of()),
        rate('switchboard_message_batch_size_count', of()),
      ),
    ),
    query('p99', quantile(0.99, 'switchboard_message_batch_size', of())),
  ],
);

const files = timeseries(
  'File store',
  'short',
  '1: the replica can store and serve files. 0 for two minutes: page. Messages without files are not affected.',
  [query('{{service_instance_id}}', `min by (service_instance_id) (switchboard_files_ready${of()})`)],
  { badBelow: 1 },
);

export const messageService = row('message-service', [
  ...requestPanels('message-service'),
  published('message-service'),
  batches,
  files,
  ...processPanels('message-service'),
]);

const leases = timeseries(
  'Leases and gateways',
  'short',
  'Each running gateway holds a lease. Fewer leases than gateways for two minutes: ticket.',
  [
    query('leases', 'max(switchboard_presence_leases)'),
    query('gateways', 'count(switchboard_gateway_sockets)'),
  ],
);

const expired = timeseries(
  'Users told as left by a lease that ended',
  'ops',
  'Per second. Above zero, a gateway died or lost its connection, and its users count as gone.',
  [query('{{service_instance_id}}', rate('switchboard_presence_expired_total', of(), 'service_instance_id'))],
);

export const presenceService = row('presence-service', [
  ...requestPanels('presence-service'),
  published('presence-service'),
  leases,
  expired,
  ...processPanels('presence-service'),
]);
