import { trace, SpanStatusCode, TraceFlags, type Context } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { SamplingDecision, type ReadableSpan, type Sampler, type SamplingResult, type SpanProcessor } from '@opentelemetry/sdk-trace';

/** Decides alike wherever it is asked: by the random digits of the id. https://www.w3.org/TR/trace-context-2/#random-trace-id-flag */
export const isWithinRatio = (traceId: string, ratio: number): boolean => Number.parseInt(traceId.slice(-8), 16) < ratio * 2 ** 32;

/**
 * For the spans that libraries make. A trace that begins here is recorded in any case, since it may turn out to be worth
 * keeping; below a span that is not sampled nothing is.
 */
export class RootsAreRecorded implements Sampler {
  readonly #ratio: number;

  constructor(ratio: number) {
    this.#ratio = ratio;
  }

  shouldSample(context: Context, traceId: string): SamplingResult {
    const parent = trace.getSpanContext(context);
    if (parent === undefined) return { decision: isWithinRatio(traceId, this.#ratio) ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.RECORD };
    return { decision: (parent.traceFlags & TraceFlags.SAMPLED) === 0 ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED };
  }

  toString(): string {
    return `RootsAreRecorded(${this.#ratio.toString()})`;
  }
}

/** Passes on what is sampled, and of the rest what failed or was slow. */
export class KeepWhatMatters implements SpanProcessor {
  readonly #queue: SpanProcessor;
  readonly #slowMs: number;

  constructor(queue: SpanProcessor, slowMs: number) {
    this.#queue = queue;
    this.#slowMs = slowMs;
  }

  onStart(): void {
    // Nothing is known of it yet.
  }

  onEnd(span: ReadableSpan): void {
    const spanContext = span.spanContext();
    if ((spanContext.traceFlags & TraceFlags.SAMPLED) !== 0) this.#queue.onEnd(span);
    else if (this.#matters(span)) this.#queue.onEnd(asSampled(span));
  }

  forceFlush(): Promise<void> {
    return this.#queue.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#queue.shutdown();
  }

  #matters({ status, duration }: ReadableSpan): boolean {
    return status.code === SpanStatusCode.ERROR || hrTimeToMilliseconds(duration) >= this.#slowMs;
  }
}

/** The same span, for a queue that lets only sampled ones pass. */
function asSampled(span: ReadableSpan): ReadableSpan {
  const spanContext = { ...span.spanContext(), traceFlags: TraceFlags.SAMPLED };
  return {
    name: span.name, kind: span.kind, spanContext: () => spanContext, startTime: span.startTime, endTime: span.endTime,
    duration: span.duration, status: span.status, attributes: span.attributes, links: span.links, events: span.events, ended: span.ended,
    resource: span.resource, instrumentationScope: span.instrumentationScope, droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount, droppedLinksCount: span.droppedLinksCount,
  };
}
