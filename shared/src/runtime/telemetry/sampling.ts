import { trace, SpanStatusCode, TraceFlags, type Context } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { SamplingDecision, type ReadableSpan, type Sampler, type SamplingResult, type SpanProcessor } from '@opentelemetry/sdk-trace';

/** Of the traces that begin in this process a share, by the random digits of their ids, and at most so many a second. */
export class Share {
  readonly #ratio: number;
  readonly #perSecond: number;
  #left: number;
  #since = performance.now();

  constructor(ratio: number, perSecond: number) {
    this.#ratio = ratio;
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  takes(traceId: string): boolean {
    if (Number.parseInt(traceId.slice(-8), 16) >= this.#ratio * 2 ** 32) return false;
    const now = performance.now();
    this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#since) / 1_000) * this.#perSecond);
    this.#since = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/**
 * For the spans that libraries make. A trace that begins here is recorded in any case, since it may turn out to be worth
 * keeping; below a span that is not sampled nothing is.
 */
export class RootsAreRecorded implements Sampler {
  readonly #share: Share;

  constructor(share: Share) {
    this.#share = share;
  }

  shouldSample(context: Context, traceId: string): SamplingResult {
    const parent = trace.getSpanContext(context);
    if (parent === undefined) return { decision: this.#share.takes(traceId) ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.RECORD };
    return { decision: (parent.traceFlags & TraceFlags.SAMPLED) === 0 ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED };
  }

  toString(): string {
    return 'RootsAreRecorded';
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
