import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { context, isSpanContextValid, metrics, propagation, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { getRPCMetadata, RPCType, setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import type { Resource } from '@opentelemetry/resources';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { noRecorder, type Trace } from '../../bus/index.ts';
import type { Logger } from '../logger.ts';
import type { TelemetryConfig } from './config.ts';
import { EpochClock } from './epoch-clock.ts';
import { instrumentations } from './instrumentations.ts';
import { MetricsPage } from './metrics-page.ts';
import { MetricsSource } from './metrics-source.ts';
import { EdgePropagator, InnerPropagator } from './propagators.ts';
import { resourceOf } from './resource.ts';
import { Budget, KeepWhatMatters, RootsAreRecorded, Share } from './sampling.ts';
import { createSpanRecorder } from './span-recorder.ts';
import { noTelemetry, type Telemetry, type TelemetryOf } from './telemetry.ts';

const STOP_WITHIN_MS = 2_000;
/** Of what failed or was slow without being sampled, of each name: an overload must not pay for being told of. */
const KEPT_PER_SECOND = 20;
/** The longest statement fits. */
const MAX_ATTRIBUTE_LENGTH = 2_048;
/** A collector that is away is worth a line now and then, not one every few seconds. */
const COMPLAIN_EVERY_MS = 60_000;

/** OpenTelemetry's SDK, with what this process sends where. */
export function startSdk(of: TelemetryOf, config: TelemetryConfig, logger: Logger): Telemetry {
  setGlobalErrorHandler(complain(logger));
  const resource = resourceOf(of);
  const source = new MetricsSource(resource);
  const page = config.metrics.prometheus ? new MetricsPage({ metricProducers: [source] }) : undefined;
  const meters = startMetrics(resource, config, source, page);
  const queue = config.traces ? queueOf(config) : undefined;
  const share = new Share(config.ratio, config.perSecond);
  const budget = new Budget(KEPT_PER_SECOND);
  const clock = new EpochClock();
  // Routes are named by it, for metrics too.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  if (queue !== undefined) startTraces(resource, new KeepWhatMatters(queue, config.slowMs, budget, clock), share, of);
  registerInstrumentations({ instrumentations: instrumentations(of, config.traces), meterProvider: meters });
  // Ours are the first to ask for it by `import`, which nobody can listen to.
  createRequire(import.meta.url)('node:http');

  return {
    recorder: queue === undefined ? noRecorder : createSpanRecorder(queue, resource, share, budget, config.slowMs, clock),
    traceAtHand,
    nameRoute,
    metricsPage: page?.route ?? noTelemetry.metricsPage,
    stop: async () => {
      await Promise.race([Promise.allSettled([queue?.shutdown(), meters.shutdown()]), sleep(STOP_WITHIN_MS, undefined, { ref: false })]);
    },
  };
}

const queueOf = ({ queue: { delayMs, spans } }: TelemetryConfig): SpanProcessor =>
  new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: delayMs, maxQueueSize: spans });

function startMetrics(resource: Resource, { metrics: { otlp, everyMs } }: TelemetryConfig, source: MetricsSource, page: MetricsPage | undefined): MeterProvider {
  const readers = [page, otlp ? new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(), exportIntervalMillis: everyMs, exportTimeoutMillis: Math.min(everyMs, 10_000), metricProducers: [source] }) : undefined];
  const meters = new MeterProvider({
    resource,
    readers: readers.filter((reader) => reader !== undefined),
    // Only what is traced would be counted; the pools and the work in Postgres are measured by ourselves.
    views: [{ meterName: '@opentelemetry/instrumentation-pg', aggregation: { type: AggregationType.DROP } }],
  });
  metrics.setGlobalMeterProvider(meters);
  return meters;
}

function startTraces(resource: Resource, processor: SpanProcessor, share: Share, { isEdge }: TelemetryOf): void {
  propagation.setGlobalPropagator(isEdge ? new EdgePropagator() : new InnerPropagator());
  trace.setGlobalTracerProvider(new TracerProvider({
    resource,
    sampler: new RootsAreRecorded(share),
    spanProcessors: [processor],
    spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_LENGTH },
  }));
}

function traceAtHand(): Trace | undefined {
  const spanContext = trace.getActiveSpan()?.spanContext();
  // Where no traces are told there is a span all the same, of no trace.
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return undefined;
  return { traceId: spanContext.traceId, spanId: spanContext.spanId, isSampled: (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0 };
}

function nameRoute(route: string): void {
  const request = getRPCMetadata(context.active());
  if (request?.type === RPCType.HTTP) request.route = route;
  trace.getActiveSpan()?.setAttribute('url.path', route);
}

function complain(logger: Logger): (error: unknown) => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - lastAt < COMPLAIN_EVERY_MS) return;
    lastAt = performance.now();
    logger.warn({ err: error }, 'telemetry could not be sent; what does not fit the queue is dropped, and nothing waits for it');
  };
}
