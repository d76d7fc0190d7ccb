import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@switchboard/shared/runtime';
import { readTelemetryConfig } from '../src/runtime/telemetry/config.ts';

const COLLECTOR = 'http://collector:4318';

describe('telemetry', () => {
  it('is off where nothing is configured, and where it is switched off', () => {
    const off = { traces: false, metrics: { otlp: false, prometheus: false } };
    expect(readTelemetryConfig({})).toMatchObject(off);
    expect(readTelemetryConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toMatchObject(off);
    expect(readTelemetryConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, OTEL_METRICS_EXPORTER: 'otlp,prometheus', OTEL_SDK_DISABLED: 'true' })).toMatchObject(off);
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR }, { traces: true, metrics: { otlp: true, prometheus: false } }],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: COLLECTOR }, { traces: true, metrics: { otlp: false, prometheus: false } }],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: COLLECTOR }, { traces: false, metrics: { otlp: true, prometheus: false } }],
    [{ OTEL_METRICS_EXPORTER: 'prometheus' }, { traces: false, metrics: { otlp: false, prometheus: true } }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, OTEL_METRICS_EXPORTER: 'otlp, prometheus' }, { traces: true, metrics: { otlp: true, prometheus: true } }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' }, { traces: false, metrics: { otlp: false, prometheus: false } }],
  ])('goes where %j says', (environment, expected) => {
    expect(readTelemetryConfig(environment)).toMatchObject(expected);
  });

  it.each([
    [{}, 0.1, 10], [{ OTEL_TRACES_SAMPLER_ARG: '0.5' }, 0.5, Infinity], [{ OTEL_TRACES_SAMPLER_ARG: '0' }, 0, Infinity],
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, 1, Infinity], [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off', OTEL_TRACES_SAMPLER_ARG: '1' }, 0, Infinity],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '1' }, 1, Infinity],
  ])('with %j samples %d of all events, and at most %d a second', (environment, ratio, perSecond) => {
    expect(readTelemetryConfig(environment)).toMatchObject({ ratio, perSecond });
  });

  it.each([
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' }, { OTEL_TRACES_SAMPLER: 'jaeger_remote' }, { OTEL_TRACES_SAMPLER_ARG: '2' },
    { OTEL_TRACES_SAMPLER_ARG: 'all' }, { OTEL_METRICS_EXPORTER: 'console' }, { OTEL_TRACES_EXPORTER: 'zipkin' }, { TRACES_SLOW_MS: '0' }, { OTEL_SDK_DISABLED: 'yes' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'grpc://collector:4317' }, { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' }, { OTEL_TRACES_SAMPLER_ARG: ' ' },
    { OTEL_METRIC_EXPORT_INTERVAL: '3000000000' }, { OTEL_BSP_SCHEDULE_DELAY: '3000000000' }, { OTEL_BSP_MAX_QUEUE_SIZE: '100' },
  ])('refuses %j, and names the variable', (environment) => {
    const [name = ''] = Object.keys(environment);
    expect(() => readTelemetryConfig(environment)).toThrow(ConfigError);
    expect(() => readTelemetryConfig(environment)).toThrow(name);
  });
});
