import { trace, SpanStatusCode, TraceFlags, type Attributes, type Context, type SpanKind } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { SamplingDecision, type ReadableSpan, type Sampler, type SamplingResult, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { EpochClock } from './epoch-clock.ts';

/** So many a second of each name, which is one of ours: a flood of one kind takes nothing from the others. */
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

/** Of the traces that begin in this process a share, by the random digits of their ids, and at most so many a second of each name. */
export class Share {
  readonly #ratio: number;
  readonly #budget: Budget;

  constructor(ratio: number, perSecond: number) {
    this.#ratio = ratio;
    this.#budget = new Budget(perSecond);
  }

  takes(traceId: string, name: string): boolean {
    return Number.parseInt(traceId.slice(-8), 16) < this.#ratio * 2 ** 32 && this.#budget.allows(name);
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

  shouldSample(context: Context, traceId: string, name: string, _kind: SpanKind, _attributes: Attributes): SamplingResult {
    const parent = trace.getSpanContext(context);
    if (parent === undefined) return { decision: this.#share.takes(traceId, name) ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.RECORD };
    return { decision: (parent.traceFlags & TraceFlags.SAMPLED) === 0 ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED };
  }

  toString(): string {
    return 'RootsAreRecorded';
  }
}

/** Passes on what is sampled, and of the rest what failed or was slow, as far as the budget goes. */
export class KeepWhatMatters implements SpanProcessor {
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
    if (isSampled || (this.#matters(span) && this.#budget.allows(span.name))) this.#queue.onEnd(toTell(span, this.#startOf(span), this.#clock));
  }

  forceFlush(): Promise<void> {
    return this.#queue.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#queue.shutdown();
  }

  /**
   * The SDK knows to the millisecond when a span began, and exactly how long it took. Both ends are told to us a moment
   * late, at times a long one: the earlier reading is the truer, and a span's children begin after the first.
   */
  #startOf(span: ReadableSpan): number {
    const byItsEnd = performance.now() - hrTimeToMilliseconds(span.duration);
    return Math.min(this.#startedAt.get(span) ?? byItsEnd, byItsEnd);
  }

  #matters({ status, duration }: ReadableSpan): boolean {
    return status.code === SpanStatusCode.ERROR || hrTimeToMilliseconds(duration) >= this.#slowMs;
  }
}

/**
 * The same span, for a queue that lets only sampled ones pass; without the words of its error, since Postgres puts values
 * of rows into them (its code is an attribute); and with times as fine as those of our own spans.
 */
function toTell(span: ReadableSpan, startedAt: number, clock: EpochClock): ReadableSpan {
  const spanContext = { ...span.spanContext(), traceFlags: TraceFlags.SAMPLED };
  return {
    name: span.name, kind: span.kind, spanContext: () => spanContext,
    startTime: clock.timeOf(startedAt), endTime: clock.timeOf(startedAt + hrTimeToMilliseconds(span.duration)), duration: span.duration, status: { code: span.status.code }, attributes: span.attributes, links: span.links, events: [], ended: span.ended,
    resource: span.resource, instrumentationScope: span.instrumentationScope, droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount, droppedLinksCount: span.droppedLinksCount,
    ...(span.parentSpanContext === undefined ? {} : { parentSpanContext: span.parentSpanContext }),
  };
}
