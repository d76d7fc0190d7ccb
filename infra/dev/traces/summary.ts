import { endMs, type TraceSpan } from './span.ts';
import { waterfall } from './waterfall.ts';

export interface TraceSummary {
  traceId: string;
  /** The name of the first root. */
  name: string;
  service: string;
  /** The services of the trace, in order of their first span. */
  services: string[];
  spans: number;
  /** Milliseconds since 1970. */
  startMs: number;
  /** From the first start to the last end. */
  durationMs: number;
  /** The first error. */
  error: string | undefined;
}

/** Summarizes a trace's spans, sorted by start. Returns undefined for no spans. */
export function summaryOf(spans: readonly TraceSpan[]): TraceSummary | undefined {
  const root = waterfall(spans)[0]?.span;
  const first = spans[0];
  if (root === undefined || first === undefined) return undefined;
  return {
    traceId: root.traceId,
    name: root.name,
    service: root.service,
    services: [...new Set(spans.map(({ service }) => service))],
    spans: spans.length,
    startMs: first.startMs,
    durationMs: spans.reduce((end, span) => Math.max(end, endMs(span)), first.startMs) - first.startMs,
    error: spans.find(({ error }) => error !== undefined)?.error,
  };
}
