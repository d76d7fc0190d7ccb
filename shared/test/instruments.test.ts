import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { Counter, DurationHistogram, observeGauge, SizeHistogram } from '@switchboard/shared/telemetry';
import { MetricsPage } from '../src/runtime/otel/metrics-page.ts';
import { MetricsSource } from '../src/runtime/otel/metrics-source.ts';
import { noTelemetry } from '../src/runtime/otel/telemetry.ts';

const resource = resourceFromAttributes({
  'service.name': 'chat-service',
  'service.instance.id': 'chat-service-2',
  'service.version': '0.1.0',
});
const page = new MetricsPage({ metricProducers: [new MetricsSource(resource)] });
const meters = new MeterProvider({ resource, readers: [page] });
const server = createServer((request, response) => {
  if (!page.route(request, response))
    noTelemetry.metricsPage(Object.assign(request, { url: '/metrics' }), response);
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(async () => {
  await meters.shutdown();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

const WHO = 'service_name="chat-service",service_instance_id="chat-service-2"';
const scrape = async (metric: string): Promise<string[]> =>
  (await (await fetch(`${url}/metrics`)).text()).split('\n').filter((line) => line.startsWith(metric));

describe('on the page of metrics', () => {
  it('a duration is a histogram in seconds by its labels, without an empty one', async () => {
    const durations = new DurationHistogram('test.call.duration', 'x', ['method', 'error'], {
      system: 'nats',
    });
    for (const ms of [0.4, 1, 1.1, 9_000]) durations.record(ms, 'send');
    durations.record(20, 'send', 'BUSY');
    const lines = await scrape('test_call_duration_seconds');
    const bucket = (le: string) =>
      `test_call_duration_seconds_bucket{system="nats",method="send",${WHO},le="${le}"}`;
    expect(lines).toEqual(
      expect.arrayContaining([
        `test_call_duration_seconds_count{system="nats",method="send",${WHO}} 4`,
        `${bucket('0.001')} 2`,
        `${bucket('0.0025')} 3`,
        `${bucket('5')} 3`,
        `${bucket('+Inf')} 4`,
        `test_call_duration_seconds_count{system="nats",method="send",error="BUSY",${WHO}} 1`,
        `test_call_duration_seconds_sum{system="nats",method="send",error="BUSY",${WHO}} 0.02`,
      ]),
    );
  });

  it('a size is a histogram once it has a value', async () => {
    const sizes = new SizeHistogram('test.batch.size', '{message}', 'x', [1, 10]);
    expect(await scrape('test_batch_size')).toEqual([]);
    for (const size of [1, 2, 11]) sizes.record(size);
    expect(await scrape('test_batch_size_bucket')).toEqual(
      [`1`, `10`, `+Inf`].map((le, n) => `test_batch_size_bucket{${WHO},le="${le}"} ${n + 1}`),
    );
  });

  it('a count is a counter, with or without a label', async () => {
    const [labelled, plain] = [
      new Counter('test.events', '{event}', 'x', 'event'),
      new Counter('test.things', '', 'x'),
    ];
    expect(await scrape('test_things_total')).toEqual([`test_things_total{${WHO}} 0`]);
    labelled.add(1, 'a');
    labelled.add(2, 'a');
    labelled.add(0, 'b');
    plain.add(7);
    expect(await scrape('test_events_total')).toEqual([
      `test_events_total{event="a",${WHO}} 3`,
      `test_events_total{event="b",${WHO}} 0`,
    ]);
    expect(await scrape('test_things_total')).toEqual([`test_things_total{${WHO}} 7`]);
  });

  it('a gauge shows the value at the scrape, and is gone once stopped', async () => {
    let memory = 5;
    const stop = observeGauge('test.memory', 'By', 'x', () => [{ labels: {}, value: memory }]);
    expect(await scrape('test_memory_bytes')).toEqual([`test_memory_bytes{${WHO}} 5`]);
    memory = 6;
    expect(await scrape('test_memory_bytes')).toEqual([`test_memory_bytes{${WHO}} 6`]);
    stop();
    expect(await scrape('test_memory_bytes')).toEqual([]);
  });

  it('target_info names the service, instance and version', async () => {
    expect(await scrape('target_info')).toEqual([
      'target_info{service_name="chat-service",service_instance_id="chat-service-2",service_version="0.1.0"} 1',
    ]);
  });
});

it('the page says how to enable metrics when they are off', async () => {
  const response = await fetch(`${url}/nothing`);
  expect([response.status, await response.text()]).toEqual([
    404,
    expect.stringContaining('OTEL_METRICS_EXPORTER=prometheus'),
  ]);
});
