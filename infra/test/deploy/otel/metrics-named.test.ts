import { describe, expect, it } from '@jest/globals';
import { metricsNamed, recordingsNamed } from './metrics-named.ts';
import { countersIn, seriesNamedIn } from './promql.ts';

describe('the series named in an expression', () => {
  it.each([
    ['up == 0', ['up']],
    ['sum by (le, event) (rate(a_bucket{event="newMessage",x=~"b|c{d}"}[5m])) > 0', ['a_bucket']],
    ['histogram_quantile(0.99, sum(rate(a_bucket[$__rate_interval])) by (le)) >= 1e3', ['a_bucket']],
    ['(sum(rate(bad[1h])) or vector(0)) / (sum(rate(all_of[1h])) > 0)', ['bad', 'all_of']],
    ['a * on (instance) group_left (version) b_info offset 5m unless ignoring(x) c', ['a', 'b_info', 'c']],
    ['job:a:rate5m > bool 0.1 and a', ['job:a:rate5m', 'a']],
    ["max(a{q='it\"s {'}) # not_this(one)\n < count(b)", ['a', 'b']],
    ['a + a - -inf', ['a']],
  ])('%s', (expression, names) => {
    expect(seriesNamedIn(expression)).toEqual(names);
  });
});

it('the counters in an expression are those over a range, with the values of their labels', () => {
  expect(
    countersIn(
      '(sum(rate(a_total{x="1",y=~"b|c"}[5m])) or vector(0)) / increase(b_total[1h]) and c{z="2"} > 0',
    ),
  ).toEqual([
    { name: 'a_total', labels: { x: ['1'], y: ['b', 'c'] } },
    { name: 'b_total', labels: {} },
  ]);
});

describe('the metrics that rules, dashboards and docs name', () => {
  it('includes metrics of both, as they are exposed', () => {
    expect(metricsNamed()).toEqual(
      expect.arrayContaining([
        'switchboard_presence_leases',
        'switchboard_event_duration_seconds_bucket',
        'switchboard_gateway_rooms',
        'v8js_memory_heap_used_bytes',
      ]),
    );
  });

  it('includes names of metrics only: no recording, no label, no function, no series of Prometheus itself', () => {
    for (const name of metricsNamed())
      expect(name).toMatch(
        /^(switchboard|rpc_(client|server)|db_client|nodejs_eventloop|v8js_memory|http_server)_[a-z0-9_]+$/,
      );
    for (const name of recordingsNamed()) expect(name).toMatch(/^switchboard:/);
  });

  it('lists each name once', () => {
    expect(new Set(metricsNamed()).size).toBe(metricsNamed().length);
  });
});
