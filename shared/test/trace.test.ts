import { describe, expect, it } from '@jest/globals';
import { newTrace, traceOf } from '@switchboard/shared/bus';

const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-00$/;

describe('a trace', () => {
  it('goes on where a traceparent names one', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect(traceOf(traceparent)).toEqual({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', traceparent });
  });

  it.each([undefined, '', 'x', '01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n', '00-4bf9-00f0-01'])('begins where %j names none', (traceparent) => {
    const trace = traceOf(traceparent);
    expect(TRACEPARENT.exec(trace.traceparent)?.[1]).toBe(trace.traceId);
    expect(trace.traceId).not.toBe(traceOf(traceparent).traceId);
  });

  it('is new each time', () => {
    expect(newTrace().traceId).not.toBe(newTrace().traceId);
    expect(newTrace().traceparent).toMatch(TRACEPARENT);
  });
});
