import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@switchboard/shared/runtime';
import { readTelemetryConfig } from '../src/runtime/otel/config.ts';

const COLLECTOR = 'http://collector:4318';

describe('telemetry', () => {
  it('is off when nothing is configured, and when OTEL_SDK_DISABLED is true', () => {
    const off = { traces: undefined, metrics: { otlp: undefined, prometheus: false } };
    expect(readTelemetryConfig({})).toMatchObject(off);
    expect(readTelemetryConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toMatchObject(off);
    expect(
      readTelemetryConfig({
        OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR,
        OTEL_METRICS_EXPORTER: 'otlp,prometheus',
        OTEL_SDK_DISABLED: 'true',
      }),
    ).toMatchObject(off);
  });

  it.each([
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR },
      { traces: 'http/json', metrics: { otlp: 'http/json', prometheus: false } },
    ],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: COLLECTOR },
      { traces: 'http/json', metrics: { otlp: undefined, prometheus: false } },
    ],
    [
      { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: COLLECTOR },
      { traces: undefined, metrics: { otlp: 'http/json', prometheus: false } },
    ],
    [
      { OTEL_METRICS_EXPORTER: 'prometheus' },
      { traces: undefined, metrics: { otlp: undefined, prometheus: true } },
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, OTEL_METRICS_EXPORTER: 'otlp, prometheus' },
      { traces: 'http/json', metrics: { otlp: 'http/json', prometheus: true } },
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
      { traces: undefined, metrics: { otlp: undefined, prometheus: false } },
    ],
  ])('is sent as %j configures', (environment, expected) => {
    expect(readTelemetryConfig(environment)).toMatchObject(expected);
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, 'http/protobuf', 'http/protobuf'],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: ' GRPC ' }, 'grpc', 'grpc'],
    [{ OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' }, 'grpc', 'http/json'],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf' },
      'grpc',
      'http/protobuf',
    ],
  ])('with %j is sent as %s and %s', (environment, traces, otlp) => {
    expect(readTelemetryConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, ...environment })).toMatchObject({
      traces,
      metrics: { otlp },
    });
  });

  it('accepts host:port as an endpoint for gRPC', () => {
    expect(
      readTelemetryConfig({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      }),
    ).toMatchObject({ traces: 'grpc', metrics: { otlp: 'grpc' } });
  });

  it.each([{ OTEL_SDK_DISABLED: 'TRUE' }, { OTEL_TRACES_EXPORTER: ' None' }])(
    'reads the words in %j in any case',
    (environment) => {
      expect(
        readTelemetryConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, ...environment }).traces,
      ).toBeUndefined();
    },
  );

  it.each([
    [{}, 0.1, 10],
    [{ OTEL_TRACES_SAMPLER_ARG: '0.5' }, 0.5, Infinity],
    [{ OTEL_TRACES_SAMPLER_ARG: '0' }, 0, Infinity],
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, 1, Infinity],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off', OTEL_TRACES_SAMPLER_ARG: '1' }, 0, Infinity],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '1' }, 1, Infinity],
  ])('with %j samples a share of %d, and at most %d per second', (environment, ratio, perSecond) => {
    expect(readTelemetryConfig(environment)).toMatchObject({ ratio, perSecond });
  });

  it.each([
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'http' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' },
    { OTEL_TRACES_SAMPLER: 'jaeger_remote' },
    { OTEL_TRACES_SAMPLER_ARG: '2' },
    { OTEL_TRACES_SAMPLER_ARG: 'all' },
    { OTEL_METRICS_EXPORTER: 'console' },
    { OTEL_TRACES_EXPORTER: 'zipkin' },
    { TRACES_SLOW_MS: '0' },
    { OTEL_SDK_DISABLED: 'yes' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' },
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'grpc://collector:4317' },
    { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'thrift' },
    { OTEL_TRACES_SAMPLER_ARG: ' ' },
    { OTEL_METRIC_EXPORT_INTERVAL: '3000000000' },
    { OTEL_BSP_SCHEDULE_DELAY: '3000000000' },
    { OTEL_BSP_MAX_QUEUE_SIZE: '100' },
  ])('rejects %j and names the variable', (environment) => {
    const [name = ''] = Object.keys(environment);
    expect(() => readTelemetryConfig(environment)).toThrow(ConfigError);
    expect(() => readTelemetryConfig(environment)).toThrow(name);
  });
});
