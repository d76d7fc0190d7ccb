/** In the order of OTLP's numbers, which start at 1. */
export const spanKinds = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof spanKinds)[number];

export type Attribute = string | number | boolean | null | Attribute[] | { [key: string]: Attribute };
export type Attributes = Record<string, Attribute>;

export interface SpanLink {
  traceId: string;
  spanId: string;
}

/** One span. Ids are lower-case hex: 32 digits for a trace, 16 for a span. */
export interface TraceSpan extends SpanLink {
  parentSpanId?: string;
  name: string;
  kind: SpanKind;
  service: string;
  /** For example `gateway-2`; empty if the resource names none. */
  instance: string;
  /** The library that created the span. */
  scope: string;
  /** Milliseconds since 1970, to the microsecond. */
  startMs: number;
  durationMs: number;
  attributes: Attributes;
  /** The error, if the span has status ERROR. */
  error: string | undefined;
  links: SpanLink[];
}

export const endMs = ({ startMs, durationMs }: TraceSpan): number => startMs + durationMs;

export const byStart = (a: TraceSpan, b: TraceSpan): number => a.startMs - b.startMs;

/** Formats an attribute as one line. */
export const attributeText = (value: Attribute): string =>
  typeof value === 'string' ? value : JSON.stringify(value);
