import {
  context,
  ROOT_CONTEXT,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type SpanContext,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { EndedSpan, SpanKind, SpanRecorder, Trace } from '../../telemetry/index.ts';
import { hrTime, type EpochClock } from './epoch-clock.ts';
import type { Budget, Share } from './sampling.ts';

const KINDS: Record<SpanKind, OtelKind> = {
  internal: OtelKind.INTERNAL,
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  producer: OtelKind.PRODUCER,
  consumer: OtelKind.CONSUMER,
};

const SCOPE = { name: 'switchboard' };

/**
 * Gives ended spans directly to the exporter's queue. OpenTelemetry's tracer decides at a span's start
 * whether to keep it, and pays for every span. Ours are decided at their end; their ids already left with
 * requests.
 */
export function createSpanRecorder(
  processor: SpanProcessor,
  resource: Resource,
  share: Share,
  budget: Budget,
  slowMs: number,
  clock: EpochClock,
): SpanRecorder {
  return {
    slowMs,
    isSampled: (traceId, name) => share.includes(traceId, name),
    record: (span) => {
      if (span.trace.isSampled || budget.allows(span.name))
        processor.onEnd(toReadable(span, resource, clock));
    },
    within: (current, work) => {
      if (current !== undefined)
        return context.with(trace.setSpanContext(ROOT_CONTEXT, toSpanContext(current)), work);
      return context.active() === ROOT_CONTEXT ? work() : context.with(ROOT_CONTEXT, work);
    },
  };
}

function toReadable(span: EndedSpan, resource: Resource, clock: EpochClock): ReadableSpan {
  // Marked as sampled: the queue exports no other.
  const spanContext = toSpanContext({ ...span.trace, isSampled: true });
  return {
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => spanContext,
    ...(span.parent === undefined
      ? {}
      : {
          parentSpanContext: {
            ...toSpanContext(span.parent),
            isRemote: span.kind === 'server' || span.kind === 'consumer',
          },
        }),
    startTime: clock.timeOf(span.startedAt),
    endTime: clock.timeOf(span.endedAt),
    duration: hrTime(span.endedAt - span.startedAt),
    status:
      span.error === undefined
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: span.error },
    attributes: span.attributes,
    links: span.links.map((link) => ({ context: toSpanContext(link) })),
    events: [],
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

const toSpanContext = ({ traceId, spanId, isSampled }: Trace): SpanContext => ({
  traceId,
  spanId,
  traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
});
