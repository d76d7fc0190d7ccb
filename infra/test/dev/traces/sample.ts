import type { TraceSpan } from '../../../dev/traces/span.ts';

// Spans for tests. A digit names each id: `1` is the trace or span whose id is all ones.

export const traceId = (digit: string): string => digit.repeat(32);
export const spanId = (digit: string): string => digit.repeat(16);

export const linkTo = (trace: string, span = '1') => ({ traceId: traceId(trace), spanId: spanId(span) });

/** A span of 10 ms. Its digit is its start, in milliseconds after 1970. */
export function sampleSpan(trace: string, span: string, changes: Partial<TraceSpan> = {}): TraceSpan {
  return {
    traceId: traceId(trace),
    spanId: spanId(span),
    name: `span ${span}`,
    kind: 'internal',
    service: 'gateway',
    instance: 'gateway-2',
    scope: 'test',
    startMs: Number(span),
    durationMs: 10,
    attributes: {},
    error: undefined,
    links: [],
    ...changes,
  };
}

/** An export request with one span, as OpenTelemetry's JavaScript exporter sends it. */
export const exportRequest = (span: Readonly<Record<string, unknown>> = {}) => ({
  resourceSpans: [
    {
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: 'message-service' } },
          { key: 'service.instance.id', value: { stringValue: 'message-service-2' } },
        ],
        droppedAttributesCount: 0,
      },
      scopeSpans: [
        {
          scope: { name: 'bus', version: '1.0' },
          spans: [
            {
              traceId: traceId('a'),
              spanId: spanId('b'),
              parentSpanId: spanId('c'),
              name: 'message.v1.send',
              kind: 2,
              startTimeUnixNano: '1764000000123456789',
              endTimeUnixNano: '1764000000125956789',
              attributes: [{ key: 'chat.id', value: { intValue: 42 } }],
              droppedAttributesCount: 0,
              events: [],
              droppedEventsCount: 0,
              status: { code: 0 },
              links: [],
              droppedLinksCount: 0,
              flags: 257,
              ...span,
            },
          ],
        },
      ],
    },
  ],
});
