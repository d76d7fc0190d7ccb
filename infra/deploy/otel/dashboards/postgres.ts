import { query, row, timeseries } from './panel.ts';
import { of, quantile, rate, ratio, sum } from './promql.ts';

const WORK = 'switchboard_postgres_work_duration_seconds';
const FAILED = 'outcome=~"BUSY|UNAVAILABLE|TIMEOUT|INTERNAL"';

export const postgres = row('Postgres', [
  timeseries('Work', 'ops', 'Statements and transactions per second, by service.', [
    query('{{service_name}}', rate(`${WORK}_count`, of(), 'service_name')),
  ]),
  timeseries(
    'Failed work',
    'percentunit',
    'The share of work that failed in Postgres. Above 5 % for a minute: page.',
    [
      query(
        '{{service_name}}',
        ratio(rate(`${WORK}_count`, of(FAILED), 'service_name'), rate(`${WORK}_count`, of(), 'service_name')),
      ),
    ],
    { bad: 0.05 },
  ),
  timeseries(
    'Failures by code',
    'ops',
    'BUSY: waited too long for a row lock or a connection. UNAVAILABLE: Postgres is unreachable, full or read-only. Other codes are normal replies to clients.',
    [
      query(
        '{{service_name}} {{outcome}}',
        rate(`${WORK}_count`, of('outcome!="ok"'), 'service_name', 'outcome'),
      ),
    ],
  ),
  timeseries(
    'Duration of work, p99',
    's',
    '99 of 100 take at most this long. A statement times out after 1.5 s, a lock after 1.2 s.',
    [query('{{service_name}}', quantile(0.99, WORK, of(), 'service_name'))],
    { bad: 0.5 },
  ),
  timeseries('Connections', 'short', 'Open connections per process: in use, and idle.', [
    query(
      '{{service_instance_id}} {{db_client_connection_state}}',
      sum('db_client_connection_count', of(), 'service_instance_id', 'db_client_connection_state'),
    ),
  ]),
  timeseries(
    'Waiting for a connection',
    'short',
    'Pieces of work that wait for a connection of the pool. Above zero for two minutes: ticket.',
    [
      query(
        '{{service_instance_id}}',
        sum('db_client_connection_pending_requests', of(), 'service_instance_id'),
      ),
    ],
    { bad: 1 },
  ),
]);
