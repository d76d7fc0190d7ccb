import { ERRORS, isErrorCode } from '../errors.ts';
import { randomHex } from '../random.ts';
import { newTrace, type Trace } from './trace.ts';

/** OpenTelemetry's names. https://opentelemetry.io/docs/specs/otel/trace/api/#spankind */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A finished span. */
export interface EndedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly trace: Trace;
  readonly parent: Trace | undefined;
  /** On this process's monotonic clock, performance.now(), ms. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: SpanAttributes;
  readonly links: readonly Trace[];
  /** The error's code or type when the system failed. A client's mistake is no failure. */
  readonly error: string | undefined;
}

/** Receives the finished spans. Without telemetry `noRecorder` samples and keeps none. */
export interface SpanRecorder {
  /** Spans of unsampled traces are recorded only when they failed, or took this long, in ms. */
  readonly slowMs: number;
  /** Whether to record the whole trace that begins here with a span of this name. */
  isSampled(traceId: string, name: string): boolean;
  record(span: EndedSpan): void;
  /** Runs work whose SQL and HTTP spans have `trace` as parent; without it they are not recorded. */
  within<Result>(trace: Trace | undefined, work: () => Result): Result;
}

export const noRecorder: SpanRecorder = {
  slowMs: Number.POSITIVE_INFINITY,
  isSampled: () => false,
  record: () => undefined,
  within: (_trace, work) => work(),
};

export interface Beginning {
  readonly parent?: Trace | undefined;
  readonly links?: readonly Trace[] | undefined;
  readonly attributes?: SpanAttributes | undefined;
  /** Set by the gateway where a trace begins; travels with the trace. */
  readonly origin?: string | undefined;
}

/** The spans of one process. */
export class Spans {
  readonly #recorder: SpanRecorder;
  /** Shared work by its trace, as long as others may link to it. */
  readonly #shared = new WeakMap<Trace, OpenSpan>();

  constructor(recorder: SpanRecorder) {
    this.#recorder = recorder;
  }

  /**
   * A child of `parent`. Without one a trace begins here, and its sampling decision holds in every process.
   */
  begin(
    name: string,
    kind: SpanKind,
    { parent, links = [], attributes = {}, origin }: Beginning = {},
  ): OpenSpan {
    const of = parent ?? this.#root(name, origin);
    return new OpenSpan(this.#recorder, this.#shared, {
      name,
      kind,
      of,
      parent,
      links,
      attributes,
      isShared: false,
    });
  }

  /**
   * Work that several traces share, as a trace of its own: sampled when one of them is, and linked to those.
   * It is recorded, too, when a span that failed or was slow ends with a link to its `trace`, that very
   * object.
   */
  beginShared(name: string, causes: readonly Trace[]): OpenSpan {
    const sampled = causes.filter((trace) => trace.isSampled);
    const span = new OpenSpan(this.#recorder, this.#shared, {
      name,
      kind: 'internal',
      of: { ...newTrace(), isSampled: sampled.length > 0 },
      parent: undefined,
      links: sampled.length > 0 ? sampled : causes,
      attributes: {},
      isShared: true,
    });
    this.#shared.set(span.trace, span);
    return span;
  }

  #root(name: string, origin: string | undefined): Trace {
    const trace = newTrace();
    return { ...trace, isSampled: this.#recorder.isSampled(trace.traceId, name), origin };
  }
}

interface Begun extends Pick<EndedSpan, 'name' | 'kind' | 'parent' | 'links' | 'attributes'> {
  readonly of: Trace;
  /** Whether others may link to it. */
  readonly isShared: boolean;
}

/**
 * A running span; it costs two clock reads. At its end it is recorded if its trace is sampled, if it
 * failed, or if it was slow. The caller of a slow span is slow too, so every slow event keeps its path from
 * the edge down to the cause.
 */
export class OpenSpan {
  readonly trace: Trace;
  readonly startedAt = performance.now();
  readonly #recorder: SpanRecorder;
  readonly #shared: WeakMap<Trace, OpenSpan>;
  readonly #begun: Begun;
  #hasEnded = false;
  #isWanted = false;
  /** Records shared work that was over before another span wanted it. */
  #recordLate: (() => void) | undefined;

  constructor(recorder: SpanRecorder, shared: WeakMap<Trace, OpenSpan>, begun: Begun) {
    this.#recorder = recorder;
    this.#shared = shared;
    this.#begun = begun;
    this.trace = begun.parent === undefined ? begun.of : { ...begun.of, spanId: randomHex(8) };
  }

  /** Runs work whose SQL and HTTP spans are children of this one. */
  run<Result>(work: () => Result): Result {
    return this.#recorder.within(this.trace.isSampled ? this.trace : undefined, work);
  }

  /** Ends the span; only the first call counts. `outcome`: an error's code or type. */
  end(outcome?: string, attributes?: SpanAttributes, links: readonly Trace[] = []): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const endedAt = performance.now();
    const error = outcome !== undefined && isServerFault(outcome) ? outcome : undefined;
    const isTail = error !== undefined || endedAt - this.startedAt >= this.#recorder.slowMs;
    if (this.trace.isSampled || isTail || this.#isWanted)
      this.#record(endedAt, outcome, error, attributes, links);
    else if (this.#begun.isShared)
      this.#recordLate = () => {
        this.#record(endedAt, outcome, error, attributes, links);
      };
    if (!isTail) return;
    for (const link of links) {
      const work = this.#shared.get(link);
      if (work !== undefined) work.#keep();
    }
  }

  #keep(): void {
    this.#isWanted = true;
    this.#recordLate?.();
    this.#recordLate = undefined;
  }

  #record(
    endedAt: number,
    outcome: string | undefined,
    error: string | undefined,
    attributes: SpanAttributes | undefined,
    links: readonly Trace[],
  ): void {
    const { name, kind, parent, links: causes, attributes: known } = this.#begun;
    this.#recorder.record({
      name,
      kind,
      trace: this.trace,
      parent,
      startedAt: this.startedAt,
      endedAt,
      attributes: {
        ...known,
        ...attributes,
        ...(outcome === undefined ? {} : { 'error.type': outcome }),
      },
      links: [...causes, ...links],
      error,
    });
  }
}

/** Whether the system failed, not the client. What an installation leaves out on purpose is no failure. */
export const isServerFault = (outcome: string): boolean =>
  !isErrorCode(outcome) || (ERRORS[outcome].status >= 500 && outcome !== 'NOT_CONFIGURED');
