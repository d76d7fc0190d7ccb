import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { Counts, Durations, observe, Sizes } from '@switchboard/shared/bus';
import { MetricsPage } from '../src/runtime/telemetry/metrics-page.ts';
import { MetricsSource } from '../src/runtime/telemetry/metrics-source.ts';
import { noTelemetry } from '../src/runtime/telemetry/telemetry.ts';

const resource = resourceFromAttributes({ 'service.name': 'chat-service', 'service.instance.id': 'chat-service-2', 'service.version': '0.1.0' });
const page = new MetricsPage({ metricProducers: [new MetricsSource(resource)] });
const meters = new MeterProvider({ resource, readers: [page] });
const server = createServer((request, response) => {
  if (!page.route(request, response)) noTelemetry.metricsPage(Object.assign(request, { url: '/metrics' }), response);
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(async () => {
  await meters.shutdown();
  await new Promise((resolve) => { server.close(resolve); });
});

const WHO = 'service_name="chat-service",service_instance_id="chat-service-2"';
const scrape = async (metric: string): Promise<string[]> =>
  (await (await fetch(`${url}/metrics`)).text()).split('\n').filter((line) => line.startsWith(metric));

describe('on the page of metrics', () => {
  it('a duration is a histogram of seconds by its labels, without the one that is empty', async () => {
    const durations = new Durations('test.call.duration', 'x', ['method', 'error'], { system: 'nats' });
    for (const ms of [0.4, 1, 1.1, 9_000]) durations.record(ms, 'send');
    durations.record(20, 'send', 'BUSY');
    const lines = await scrape('test_call_duration_seconds');
    const bucket = (le: string) => `test_call_duration_seconds_bucket{system="nats",method="send",${WHO},le="${le}"}`;
    expect(lines).toEqual(expect.arrayContaining([
      `test_call_duration_seconds_count{system="nats",method="send",${WHO}} 4`,
      `${bucket('0.001')} 2`, `${bucket('0.0025')} 3`, `${bucket('5')} 3`, `${bucket('+Inf')} 4`,
      `test_call_duration_seconds_count{system="nats",method="send",error="BUSY",${WHO}} 1`,
      `test_call_duration_seconds_sum{system="nats",method="send",error="BUSY",${WHO}} 0.02`,
    ]));
  });

  it('a size is a histogram, once there is one', async () => {
    const sizes = new Sizes('test.batch.size', '{message}', 'x', [1, 10]);
    expect(await scrape('test_batch_size')).toEqual([]);
    for (const size of [1, 2, 11]) sizes.record(size);
    expect(await scrape('test_batch_size_bucket')).toEqual([`1`, `10`, `+Inf`].map((le, n) => `test_batch_size_bucket{${WHO},le="${le}"} ${n + 1}`));
  });

  it('a count is a counter, by its label or without', async () => {
    const [labelled, plain] = [new Counts('test.events', '{event}', 'x', 'event'), new Counts('test.things', '', 'x')];
    labelled.add(1, 'a');
    labelled.add(2, 'a');
    labelled.add(0, 'b');
    plain.add(7);
    expect(await scrape('test_events_total')).toEqual([`test_events_total{event="a",${WHO}} 3`, `test_events_total{event="b",${WHO}} 0`]);
    expect(await scrape('test_things_total')).toEqual([`test_things_total{${WHO}} 7`]);
  });

  it('a gauge is what it is when somebody looks, and gone when it has stopped', async () => {
    let memory = 5;
    const stop = observe('test.memory', 'By', 'x', () => [{ labels: {}, value: memory }]);
    expect(await scrape('test_memory_bytes')).toEqual([`test_memory_bytes{${WHO}} 5`]);
    memory = 6;
    expect(await scrape('test_memory_bytes')).toEqual([`test_memory_bytes{${WHO}} 6`]);
    stop();
    expect(await scrape('test_memory_bytes')).toEqual([]);
  });

  it('the process says who it is, in which version', async () => {
    expect(await scrape('target_info')).toEqual(['target_info{service_name="chat-service",service_instance_id="chat-service-2",service_version="0.1.0"} 1']);
  });
});

it('without metrics the page says how to have them', async () => {
  const response = await fetch(`${url}/nothing`);
  expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('OTEL_METRICS_EXPORTER=prometheus')]);
});
