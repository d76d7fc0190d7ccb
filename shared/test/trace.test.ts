import { describe, expect, it } from '@jest/globals';
import { newTrace, readTraceparent, traceparentOf } from '@switchboard/shared/telemetry';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('a trace', () => {
  it('survives the round trip through traceparent', () => {
    for (const trace of [newTrace(), { ...newTrace(), isSampled: true }])
      expect(readTraceparent(traceparentOf(trace))).toEqual(trace);
    expect(traceparentOf({ traceId, spanId, isSampled: true })).toBe(`00-${traceId}-${spanId}-01`);
  });

  it.each([
    undefined,
    7,
    '',
    'x',
    `01-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01\n`,
    '00-4bf9-00f0-01',
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
  ])('is undefined for %j', (traceparent) => {
    expect(readTraceparent(traceparent)).toBeUndefined();
  });

  it('is new each time', () => {
    const traces = Array.from({ length: 2_000 }, newTrace);
    expect(new Set(traces.map((trace) => trace.traceId)).size).toBe(2_000);
    expect(new Set(traces.map((trace) => trace.spanId)).size).toBe(2_000);
    for (const trace of traces) expect(traceparentOf(trace)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});
