import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { InMemorySpanExporter, SamplingDecision, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { newTrace } from '@switchboard/shared/bus';
import { waitFor } from '../../infra/testing/index.ts';
import { EpochClock } from '../src/runtime/telemetry/epoch-clock.ts';
import { Budget, KeepWhatMatters, RootsAreRecorded, Share } from '../src/runtime/telemetry/sampling.ts';

describe('a share', () => {
  const ids = Array.from({ length: 20_000 }, () => newTrace().traceId);
  const taken = (share: Share) => ids.filter((id) => share.takes(id, 'sendMessage')).length;

  it('holds for many traces', () => {
    for (const ratio of [0, 0.05, 0.5]) expect(Math.abs(taken(new Share(ratio, Infinity)) / ids.length - ratio)).toBeLessThan(0.02);
    expect(taken(new Share(1, Infinity))).toBe(ids.length);
  });

  it('is no more than so many a second of each name', async () => {
    const share = new Share(1, 20);
    expect(taken(share)).toBe(20);
    expect(share.takes(ids[0] ?? '', 'joinChat')).toBe(true);
    await waitFor(() => share.takes(ids[0] ?? '', 'sendMessage'), { what: 'another one' });
    expect(taken(share)).toBeLessThan(20);
  });
});

describe('spans of libraries', () => {
  const { traceId } = newTrace();
  const below = (traceFlags: TraceFlags) => trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: '00f067aa0ba902b7', traceFlags });

  it('go by their parent, and where there is none are recorded in any case', () => {
    const decisionOf = (ratio: number, context = ROOT_CONTEXT) => new RootsAreRecorded(new Share(ratio, Infinity)).shouldSample(context, traceId, 'GET', SpanKind.SERVER, {}).decision;
    expect([decisionOf(1), decisionOf(0)]).toEqual([SamplingDecision.RECORD_AND_SAMPLED, SamplingDecision.RECORD]);
    expect([decisionOf(0, below(TraceFlags.SAMPLED)), decisionOf(1, below(TraceFlags.NONE))]).toEqual([SamplingDecision.RECORD_AND_SAMPLED, SamplingDecision.NOT_RECORD]);
  });

  it('that are not sampled leave only when they failed or were slow, in the trace in which they were', () => {
    const exporter = new InMemorySpanExporter();
    const tracer = new TracerProvider({ sampler: new RootsAreRecorded(new Share(0, Infinity)), spanProcessors: [new KeepWhatMatters(new SimpleSpanProcessor({ exporter }), 100, new Budget(2), new EpochClock())] }).getTracer('test');
    const end = (name: string, ms: number, code = SpanStatusCode.UNSET) => {
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: [1, 0], attributes: { name } }, ROOT_CONTEXT);
      span.setStatus({ code }).end([1, ms * 1e6]);
      return span.spanContext();
    };
    end('fast', 99);
    const kept = [end('failed', 1, SpanStatusCode.ERROR), end('slow', 100)];
    end('slow', 100);
    end('slow', 100);
    expect(exporter.getFinishedSpans().slice(0, 2).map((span) => [span.name, span.attributes, span.spanContext().traceId, span.spanContext().spanId]))
      .toEqual([['failed', { name: 'failed' }], ['slow', { name: 'slow' }]].map(([name, attributes], n) => [name, attributes, kept[n]?.traceId, kept[n]?.spanId]));
    // No more of a name than the budget has.
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['failed', 'slow', 'slow']);
  });

  it('begin before what they caused, however late the word of their end', () => {
    const exporter = new InMemorySpanExporter();
    const clock = new EpochClock();
    const until = { time: 0 };
    const stall = { onStart: () => undefined, onEnd: () => { while (performance.now() < until.time); }, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() };
    const keep = new KeepWhatMatters(new SimpleSpanProcessor({ exporter }), 100, new Budget(Infinity), clock);
    const span = new TracerProvider({ spanProcessors: [stall, keep] }).getTracer('test').startSpan('POST');
    const caused = performance.now();
    until.time = caused + 20;
    span.end();
    const [told] = exporter.getFinishedSpans();
    expect(hrTimeToMilliseconds(told?.startTime ?? [0, 0])).toBeLessThanOrEqual(hrTimeToMilliseconds(clock.timeOf(caused)));
  });
});
