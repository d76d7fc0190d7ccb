import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Protocol } from './config.ts';

// The exporters read endpoint, headers, timeout, compression and certificates from the environment
// themselves, for each signal. Only the one in use is loaded: gRPC brings a large library.

export const createSpanExporter: Record<Protocol, () => Promise<SpanExporter>> = {
  'http/json': async () => new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter(),
  'http/protobuf': async () =>
    new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter(),
  grpc: async () => new (await import('@opentelemetry/exporter-trace-otlp-grpc')).OTLPTraceExporter(),
};

export const createMetricExporter: Record<Protocol, () => Promise<PushMetricExporter>> = {
  'http/json': async () =>
    new (await import('@opentelemetry/exporter-metrics-otlp-http')).OTLPMetricExporter(),
  'http/protobuf': async () =>
    new (await import('@opentelemetry/exporter-metrics-otlp-proto')).OTLPMetricExporter(),
  grpc: async () => new (await import('@opentelemetry/exporter-metrics-otlp-grpc')).OTLPMetricExporter(),
};
