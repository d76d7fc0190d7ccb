import { ERRORS, isErrorCode } from '../errors.ts';
import { randomHex } from '../random.ts';
import { newTrace, type Trace } from './trace.ts';

/** As OpenTelemetry names them. https://opentelemetry.io/docs/specs/otel/trace/api/#spankind */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A span once it is over. */
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
  /** Why it failed, for those who run the system; a refusal that is the client's own doing is no failure. */
  readonly error: string | undefined;
}

/** Where spans go. Telemetry has one; without it nothing is sampled and nothing kept. */
export interface SpanRecorder {
  /** Spans of other traces are recorded only when they failed, or took this long, in ms. */
  readonly slowMs: number;
  /** Whether a trace that begins here, by a span of this name, is recorded as a whole. */
  isSampled(traceId: string, name: string): boolean;
  record(span: EndedSpan): void;
  /** Runs work whose SQL and HTTP is recorded below `trace`; below nothing where it is undefined. */
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
  /** For all who take part, where a trace begins. */
  readonly origin?: string | undefined;
}

/** The spans of one process. */
export class Spans {
  readonly #recorder: SpanRecorder;

  constructor(recorder: SpanRecorder) {
    this.#recorder = recorder;
  }

  /** Below `parent`; without one a trace begins here, and whether it is sampled is decided here for all who take part. */
  begin(name: string, kind: SpanKind, { parent, links = [], attributes = {}, origin }: Beginning = {}): OpenSpan {
    return new OpenSpan(this.#recorder, name, kind, parent ?? this.#root(name, origin), parent, links, attributes);
  }

  /** One piece of work for the sake of many: a trace of its own, sampled when one of theirs is, and linked to those that are. */
  beginShared(name: string, sakes: readonly Trace[]): OpenSpan {
    const sampled = sakes.filter((trace) => trace.isSampled);
    const root = { ...newTrace(), isSampled: sampled.length > 0 };
    return new OpenSpan(this.#recorder, name, 'internal', root, undefined, sampled.length > 0 ? sampled : sakes, {});
  }

  #root(name: string, origin: string | undefined): Trace {
    const trace = newTrace();
    return { ...trace, isSampled: this.#recorder.isSampled(trace.traceId, name), origin };
  }
}

/**
 * A span under way. It costs two looks at the clock until it is over; only then, knowing how it went, it is recorded: when
 * its trace is sampled, and otherwise when it failed or was slow. Who waits for a slow one is slow too, so of any slow
 * event the way from the edge down to the cause is kept.
 */
export class OpenSpan {
  readonly trace: Trace;
  readonly startedAt = performance.now();
  readonly #recorder: SpanRecorder;
  readonly #name: string;
  readonly #kind: SpanKind;
  readonly #parent: Trace | undefined;
  readonly #links: readonly Trace[];
  readonly #attributes: SpanAttributes;
  #isOver = false;

  constructor(recorder: SpanRecorder, name: string, kind: SpanKind, of: Trace, parent: Trace | undefined, links: readonly Trace[], attributes: SpanAttributes) {
    this.#recorder = recorder;
    this.#name = name;
    this.#kind = kind;
    this.#parent = parent;
    this.#links = links;
    this.#attributes = attributes;
    this.trace = parent === undefined ? of : { ...of, spanId: randomHex(8) };
  }

  /** Runs work whose SQL and HTTP belongs to this span. */
  run<Result>(work: () => Result): Result {
    return this.#recorder.within(this.trace.isSampled ? this.trace : undefined, work);
  }

  /** Over, the first time it is called: `outcome` is an error's code or type. What is only now known about it comes along. */
  end(outcome?: string, attributes?: SpanAttributes, links: readonly Trace[] = []): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const endedAt = performance.now();
    const error = outcome !== undefined && isOurs(outcome) ? outcome : undefined;
    if (!this.trace.isSampled && error === undefined && endedAt - this.startedAt < this.#recorder.slowMs) return;
    this.#recorder.record({
      name: this.#name,
      kind: this.#kind,
      trace: this.trace,
      parent: this.#parent,
      startedAt: this.startedAt,
      endedAt,
      attributes: { ...this.#attributes, ...attributes, ...(outcome === undefined ? {} : { 'error.type': outcome }) },
      links: [...this.#links, ...links],
      error,
    });
  }
}

/** Whether a failure is one of the system, not of the client. */
export const isOurs = (outcome: string): boolean => !isErrorCode(outcome) || ERRORS[outcome].status >= 500;
