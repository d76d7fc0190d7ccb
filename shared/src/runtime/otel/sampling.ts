import {
  trace,
  SpanStatusCode,
  TraceFlags,
  type Attributes,
  type Context,
  type SpanKind,
} from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import {
  SamplingDecision,
  type ReadableSpan,
  type Sampler,
  type SamplingResult,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { EpochClock } from './epoch-clock.ts';
import { failureOf } from './failed-span.ts';

/**
 * A token bucket per span name: a flood of one name costs the others nothing. Names come from a fixed set.
 */
export class Budget {
  readonly #perSecond: number;
  readonly #byName = new Map<string, { left: number; at: number }>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  allows(name: string): boolean {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return true;
    const now = performance.now();
    const { left, at } = this.#byName.get(name) ?? { left: this.#perSecond, at: now };
    const available = Math.min(this.#perSecond, left + ((now - at) / 1_000) * this.#perSecond);
    const isAllowed = available >= 1;
    this.#byName.set(name, { left: isAllowed ? available - 1 : available, at: now });
    return isAllowed;
  }
}

/**
 * A share of the traces that begin in this process, by the random digits of their ids, with a limit per
 * second and name.
 */
export class Share {
  readonly #ratio: number;
  readonly #budget: Budget;

  constructor(ratio: number, perSecond: number) {
    this.#ratio = ratio;
    this.#budget = new Budget(perSecond);
  }

  includes(traceId: string, name: string): boolean {
    return Number.parseInt(traceId.slice(-8), 16) < this.#ratio * 2 ** 32 && this.#budget.allows(name);
  }
}

/**
 * Samples the spans of libraries. A root span is always recorded, since it may turn out slow or failed. Below
 * a span that is not sampled nothing is recorded.
 */
export class RecordRootsSampler implements Sampler {
  readonly #share: Share;

  constructor(share: Share) {
    this.#share = share;
  }

  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    _kind: SpanKind,
    _attributes: Attributes,
  ): SamplingResult {
    const parent = trace.getSpanContext(context);
    if (parent === undefined)
      return {
        decision: this.#share.includes(traceId, name)
          ? SamplingDecision.RECORD_AND_SAMPLED
          : SamplingDecision.RECORD,
      };
    return {
      decision:
        (parent.traceFlags & TraceFlags.SAMPLED) === 0
          ? SamplingDecision.NOT_RECORD
          : SamplingDecision.RECORD_AND_SAMPLED,
    };
  }

  toString(): string {
    return 'RecordRootsSampler';
  }
}

/** Exports sampled spans, and within the budget also the failed and slow ones among the others. */
export class TailFilter implements SpanProcessor {
  readonly #queue: SpanProcessor;
  readonly #slowMs: number;
  readonly #budget: Budget;
  readonly #clock: EpochClock;
  readonly #startedAt = new WeakMap<object, number>();

  constructor(queue: SpanProcessor, slowMs: number, budget: Budget, clock: EpochClock) {
    this.#clock = clock;
    this.#queue = queue;
    this.#slowMs = slowMs;
    this.#budget = budget;
  }

  onStart(span: object): void {
    this.#startedAt.set(span, performance.now());
  }

  onEnd(span: ReadableSpan): void {
    const isSampled = (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
    if (isSampled || (this.#isFailedOrSlow(span) && this.#budget.allows(span.name)))
      this.#queue.onEnd(toExport(span, this.#startOf(span), this.#clock));
  }

  forceFlush(): Promise<void> {
    return this.#queue.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#queue.shutdown();
  }

  /**
   * The SDK knows a span's start only to the millisecond, but its duration exactly. `onStart` and `onEnd` may
   * be called late: the earlier of the two estimates is closer, and no child begins before it.
   */
  #startOf(span: ReadableSpan): number {
    const fromEnd = performance.now() - hrTimeToMilliseconds(span.duration);
    return Math.min(this.#startedAt.get(span) ?? fromEnd, fromEnd);
  }

  #isFailedOrSlow({ status, duration }: ReadableSpan): boolean {
    return status.code === SpanStatusCode.ERROR || hrTimeToMilliseconds(duration) >= this.#slowMs;
  }
}

/**
 * The same span with three changes: sampled, since the queue exports no other; with a failure that holds no
 * values of rows, which Postgres quotes; with times as precise as those of our own spans.
 */
function toExport(span: ReadableSpan, startedAt: number, clock: EpochClock): ReadableSpan {
  const spanContext = { ...span.spanContext(), traceFlags: TraceFlags.SAMPLED };
  const endTime = clock.timeOf(startedAt + hrTimeToMilliseconds(span.duration));
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => spanContext,
    startTime: clock.timeOf(startedAt),
    endTime,
    duration: span.duration,
    ...failureOf(span, endTime),
    links: span.links,
    ended: span.ended,
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
    ...(span.parentSpanContext === undefined ? {} : { parentSpanContext: span.parentSpanContext }),
  };
}
