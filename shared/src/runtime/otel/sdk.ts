import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { context, isSpanContextValid, metrics, propagation, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { getRPCMetadata, RPCType } from '@opentelemetry/core';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import type { Resource } from '@opentelemetry/resources';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { ATTR_CLIENT_ADDRESS } from '@opentelemetry/semantic-conventions';
import { noRecorder, type Trace } from '../../telemetry/index.ts';
import type { Logger } from '../logger.ts';
import type { TelemetryConfig } from './config.ts';
import { EpochClock } from './epoch-clock.ts';
import { createMetricExporter, createSpanExporter } from './exporters.ts';
import { instrumentations } from './instrumentations.ts';
import { MetricsPage } from './metrics-page.ts';
import { MetricsSource } from './metrics-source.ts';
import { logProblems } from './problems.ts';
import { EdgePropagator, InnerPropagator } from './propagators.ts';
import { resourceOf } from './resource.ts';
import { Budget, TailFilter, RecordRootsSampler, Share } from './sampling.ts';
import { createSpanRecorder } from './span-recorder.ts';
import { noTelemetry, type Telemetry, type ProcessIdentity } from './telemetry.ts';

const STOP_WITHIN_MS = 2_000;
/**
 * The most failed or slow spans per second and name without sampling: an overload must not pay for its spans.
 */
const KEPT_PER_SECOND = 20;
/** Fits the longest SQL statement. */
const MAX_ATTRIBUTE_LENGTH = 2_048;

/** Starts OpenTelemetry's SDK by the configuration. */
export async function startSdk(
  identity: ProcessIdentity,
  config: TelemetryConfig,
  logger: Logger,
): Promise<Telemetry> {
  logProblems(logger);
  const resource = resourceOf(identity, logger);
  const source = new MetricsSource(resource);
  const page = config.metrics.prometheus ? new MetricsPage({ metricProducers: [source] }) : undefined;
  const meters = await startMetrics(resource, config, source, page);
  const queue = await queueOf(config);
  const share = new Share(config.ratio, config.perSecond);
  const budget = new Budget(KEPT_PER_SECOND);
  const clock = new EpochClock();
  // `nameRoute` needs it, for metrics too.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  if (queue !== undefined)
    startTraces(resource, new TailFilter(queue, config.slowMs, budget, clock), share, identity);
  registerInstrumentations({
    instrumentations: instrumentations(identity, queue !== undefined),
    meterProvider: meters,
  });
  // Instrumentation hooks `require` only, and the first load of node:http in this process would be an
  // `import`.
  createRequire(import.meta.url)('node:http');

  return {
    recorder:
      queue === undefined
        ? noRecorder
        : createSpanRecorder(queue, resource, share, budget, config.slowMs, clock),
    traceAtHand,
    nameRoute,
    nameClient,
    metricsPage: page?.route ?? noTelemetry.metricsPage,
    stop: async () => {
      await Promise.race([
        Promise.allSettled([queue?.shutdown(), meters.shutdown()]),
        sleep(STOP_WITHIN_MS, undefined, { ref: false }),
      ]);
    },
  };
}

async function queueOf({ traces, queue: { delayMs, spans } }: TelemetryConfig) {
  if (traces === undefined) return undefined;
  return new BatchSpanProcessor({
    exporter: await createSpanExporter[traces](),
    scheduledDelayMillis: delayMs,
    maxQueueSize: spans,
  });
}

async function startMetrics(
  resource: Resource,
  { metrics: { otlp, everyMs } }: TelemetryConfig,
  source: MetricsSource,
  page: MetricsPage | undefined,
): Promise<MeterProvider> {
  const readers = [
    page,
    otlp === undefined
      ? undefined
      : new PeriodicExportingMetricReader({
          exporter: await createMetricExporter[otlp](),
          exportIntervalMillis: everyMs,
          // The exporter's own timeout, OTEL_EXPORTER_OTLP_TIMEOUT, is usually shorter.
          exportTimeoutMillis: everyMs,
          metricProducers: [source],
        }),
  ];
  const meters = new MeterProvider({
    resource,
    readers: readers.filter((reader) => reader !== undefined),
    // It would count traced statements only. Our own metrics measure the pools and the work in Postgres.
    views: [{ meterName: '@opentelemetry/instrumentation-pg', aggregation: { type: AggregationType.DROP } }],
  });
  metrics.setGlobalMeterProvider(meters);
  return meters;
}

function startTraces(
  resource: Resource,
  processor: SpanProcessor,
  share: Share,
  { isEdge }: ProcessIdentity,
): void {
  propagation.setGlobalPropagator(isEdge ? new EdgePropagator() : new InnerPropagator());
  trace.setGlobalTracerProvider(
    new TracerProvider({
      resource,
      sampler: new RecordRootsSampler(share),
      spanProcessors: [processor],
      spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_LENGTH },
    }),
  );
}

function traceAtHand(): Trace | undefined {
  const spanContext = trace.getActiveSpan()?.spanContext();
  // Without a tracer there is still a span, with an invalid context.
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return undefined;
  return {
    traceId: spanContext.traceId,
    spanId: spanContext.spanId,
    isSampled: (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0,
  };
}

function nameRoute(route: string): void {
  const request = getRPCMetadata(context.active());
  if (request?.type === RPCType.HTTP) request.route = route;
  trace.getActiveSpan()?.setAttribute('url.path', route);
}

function nameClient(address: string): void {
  trace.getActiveSpan()?.setAttribute(ATTR_CLIENT_ADDRESS, address);
}
