import { z } from 'zod';
import { spanKinds, type Attribute, type Attributes, type SpanKind, type TraceSpan } from './span.ts';

// ExportTraceServiceRequest in OTLP's JSON: ids in hex, 64-bit numbers as strings or numbers, enums by number
// or by name.

const AnyValue = z.object({
  stringValue: z.string().nullish(),
  boolValue: z.boolean().nullish(),
  intValue: z.union([z.string(), z.number()]).nullish(),
  doubleValue: z.union([z.string(), z.number()]).nullish(),
  /** Base64. */
  bytesValue: z.string().nullish(),
  get arrayValue() {
    return z.object({ values: z.array(AnyValue).nullish() }).nullish();
  },
  get kvlistValue() {
    return z.object({ values: z.array(KeyValue).nullish() }).nullish();
  },
});
const KeyValue = z.object({
  key: z.string(),
  get value() {
    return AnyValue.nullish();
  },
});

const TraceId = z
  .string()
  .regex(/^[0-9a-f]{32}$/i)
  .toLowerCase();
const SpanId = z
  .string()
  .regex(/^[0-9a-f]{16}$/i)
  .toLowerCase();
const Nanoseconds = z
  .union([z.string().regex(/^\d{1,20}$/), z.number().nonnegative().refine(Number.isInteger)])
  .transform((value) => BigInt(value));
const Enum = z.union([z.number(), z.string()]).nullish();

const Span = z.object({
  traceId: TraceId,
  spanId: SpanId,
  parentSpanId: z.string().toLowerCase().nullish(),
  name: z.string().nullish(),
  kind: Enum,
  startTimeUnixNano: Nanoseconds,
  endTimeUnixNano: Nanoseconds.nullish(),
  attributes: z.array(KeyValue).nullish(),
  status: z.object({ code: Enum, message: z.string().nullish() }).nullish(),
  links: z.array(z.object({ traceId: TraceId, spanId: SpanId })).nullish(),
});

const ExportRequest = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes: z.array(KeyValue).nullish() }).nullish(),
        scopeSpans: z
          .array(
            z.object({
              scope: z.object({ name: z.string().nullish() }).nullish(),
              spans: z.array(z.unknown()).nullish(),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
});

interface Origin {
  service: string;
  instance: string;
  scope: string;
}

export interface Received {
  spans: TraceSpan[];
  /** The number of spans that were invalid. */
  rejected: number;
}

/**
 * Parses an export request. Skips and counts invalid spans; throws a ZodError if it is not an export request.
 */
export function readExport(document: unknown): Received {
  const received: Received = { spans: [], rejected: 0 };
  for (const { resource, scopeSpans } of ExportRequest.parse(document).resourceSpans ?? []) {
    const attributes = attributesOf(resource?.attributes);
    const service = textOf(attributes['service.name']) ?? 'unknown';
    const instance = textOf(attributes['service.instance.id']) ?? '';
    for (const { scope, spans } of scopeSpans ?? []) {
      for (const span of spans ?? [])
        receive(span, { service, instance, scope: scope?.name ?? '' }, received);
    }
  }
  return received;
}

function receive(value: unknown, origin: Origin, received: Received): void {
  const { success, data } = Span.safeParse(value);
  if (success) received.spans.push(spanOf(data, origin));
  else received.rejected += 1;
}

function spanOf(span: z.output<typeof Span>, origin: Origin): TraceSpan {
  const { traceId, spanId, parentSpanId, name, kind, status, startTimeUnixNano: start } = span;
  const attributes = attributesOf(span.attributes);
  const nanoseconds = (span.endTimeUnixNano ?? start) - start;
  return {
    traceId,
    spanId,
    ...(isNobody(parentSpanId) ? {} : { parentSpanId }),
    name: name ?? '',
    kind: kindOf(kind),
    ...origin,
    // A double can hold milliseconds since 1970 to the microsecond, but not to the nanosecond.
    startMs: Number(start / 1_000n) / 1_000,
    durationMs: Math.max(0, Number(nanoseconds) / 1e6),
    attributes,
    error: errorOf(status, attributes),
    links: span.links ?? [],
  };
}

const isNobody = (id: string | null | undefined): id is null | undefined =>
  id === null || id === undefined || /^0*$/.test(id);

function kindOf(kind: z.output<typeof Enum>): SpanKind {
  const found =
    typeof kind === 'string'
      ? spanKinds.find((name) => kind === `SPAN_KIND_${name.toUpperCase()}`)
      : spanKinds[(kind ?? 1) - 1];
  return found ?? 'internal';
}

function errorOf(status: z.output<typeof Span>['status'], attributes: Attributes): string | undefined {
  if (status?.code !== 2 && status?.code !== 'STATUS_CODE_ERROR') return undefined;
  return textOf(status.message) ?? textOf(attributes['error.type']) ?? 'error';
}

const textOf = (value: Attribute | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const attributesOf = (pairs: z.output<typeof KeyValue>[] | null | undefined): Attributes =>
  Object.fromEntries((pairs ?? []).map(({ key, value }) => [key, attributeOf(value)]));

function attributeOf(value: z.output<typeof AnyValue> | null | undefined): Attribute {
  if (value?.arrayValue) return (value.arrayValue.values ?? []).map(attributeOf);
  if (value?.kvlistValue) return attributesOf(value.kvlistValue.values);
  const number = value?.intValue ?? value?.doubleValue;
  return (
    value?.stringValue ??
    value?.boolValue ??
    value?.bytesValue ??
    (number === null || number === undefined ? null : Number(number))
  );
}
