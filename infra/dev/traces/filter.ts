import { attributeText, type TraceSpan } from './span.ts';
import { summaryOf } from './summary.ts';

export interface Filter {
  /**
   * Matches a name, a service, the trace id or an attribute (`switchboard.event`, `newMessage`,
   * `switchboard.event=newMessage`); ignores case.
   */
  text: string;
  minMs: number;
  errorsOnly: boolean;
}

/** Reads `?q=&min=&errors=`; ignores invalid values. */
export function readFilter(query: URLSearchParams): Filter {
  const minMs = Number(query.get('min') ?? '');
  return {
    text: (query.get('q') ?? '').trim(),
    minMs: minMs > 0 ? minMs : 0,
    errorsOnly: query.has('errors'),
  };
}

/** Whether a trace matches the filter. */
export function passes({ text, minMs, errorsOnly }: Filter, spans: readonly TraceSpan[]): boolean {
  if (errorsOnly && !spans.some(({ error }) => error !== undefined)) return false;
  if (minMs > 0 && (summaryOf(spans)?.durationMs ?? 0) < minMs) return false;
  const wanted = text.toLowerCase();
  return (
    wanted === '' || spans.some((span) => wordsOf(span).some((word) => word.toLowerCase().includes(wanted)))
  );
}

const wordsOf = ({ name, traceId, service, instance, error, attributes }: TraceSpan): string[] => [
  name,
  traceId,
  service,
  instance,
  error ?? '',
  ...Object.entries(attributes).map(([key, value]) => `${key}=${attributeText(value)}`),
];
