import { byStart, type TraceSpan } from './span.ts';
import { summaryOf, type TraceSummary } from './summary.ts';

export interface Limits {
  traces: number;
  /** The limit for all traces together. */
  spans: number;
}

export interface LinkedTrace {
  traceId: string;
  /** `to`: this trace links to it. `from`: it links to this trace. */
  direction: 'to' | 'from';
  /** The number of links between the two in this direction. */
  links: number;
  /** Sorted by start; empty if the store does not hold the trace. */
  spans: TraceSpan[];
}

/** Holds the latest traces in memory. Spans may arrive late, twice and in any order. */
export class TraceStore {
  readonly #limits: Limits;
  /** By trace id and span id. The most recently updated trace is last. */
  readonly #traces = new Map<string, Map<string, TraceSpan>>();
  #size = 0;

  constructor(limits: Partial<Limits> = {}) {
    this.#limits = { traces: 1_000, spans: 50_000, ...limits };
  }

  add(spans: readonly TraceSpan[]): void {
    for (const span of spans) this.#put(span);
    while (this.#traces.size > this.#limits.traces || this.#size > this.#limits.spans) this.#forgetOne();
  }

  has(traceId: string): boolean {
    return this.#traces.has(traceId);
  }

  /** The trace's spans, sorted by start; none if the trace is unknown. */
  get(traceId: string): TraceSpan[] {
    return [...(this.#traces.get(traceId)?.values() ?? [])].sort(byStart);
  }

  /** The traces whose spans match, newest first. */
  list(wanted: (spans: readonly TraceSpan[]) => boolean = () => true): TraceSummary[] {
    return [...this.#traces.keys()]
      .map((traceId) => this.get(traceId))
      .filter(wanted)
      .map(summaryOf)
      .filter((summary) => summary !== undefined)
      .sort((a, b) => b.startMs - a.startMs);
  }

  /** The traces that this one links to, then those that link to it. */
  linked(traceId: string): LinkedTrace[] {
    const named = Map.groupBy(
      this.get(traceId).flatMap(({ links }) => links),
      (link) => link.traceId,
    );
    named.delete(traceId);
    const to = [...named].map(([id, links]) => this.#linked(id, 'to', links.length));
    const others = [...this.#traces].filter(([id]) => id !== traceId && !named.has(id));
    const from = others.map(([id, spans]) => this.#linked(id, 'from', linksTo(traceId, spans.values())));
    return [...to, ...from.filter(({ links }) => links > 0)];
  }

  /**
   * Evicts the oldest fast and successful trace, or else the oldest: people look for failed and slow ones.
   */
  #forgetOne(): void {
    const all = [...this.#traces];
    const [traceId = '', spans] =
      all.find(([, ofTrace]) => ![...ofTrace.values()].some(isWorthKeeping)) ?? all[0] ?? [];
    this.#traces.delete(traceId);
    this.#size -= spans?.size ?? 0;
  }

  #linked(traceId: string, direction: 'to' | 'from', links: number): LinkedTrace {
    return { traceId, direction, links, spans: links === 0 ? [] : this.get(traceId) };
  }

  #put(span: TraceSpan): void {
    const { traceId, spanId } = span;
    const trace = this.#traces.get(traceId) ?? new Map<string, TraceSpan>();
    if (!trace.has(spanId)) this.#size += 1;
    trace.set(spanId, span);
    this.#traces.delete(traceId);
    this.#traces.set(traceId, trace);
  }
}

const SLOW_MS = 250;
const isWorthKeeping = ({ error, durationMs }: TraceSpan): boolean =>
  error !== undefined || durationMs >= SLOW_MS;

const linksTo = (traceId: string, spans: Iterable<TraceSpan>): number =>
  [...spans].flatMap(({ links }) => links).filter((link) => link.traceId === traceId).length;
