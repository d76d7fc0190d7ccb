import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import {
  InMemorySpanExporter,
  SamplingDecision,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { newTrace } from '@switchboard/shared/telemetry';
import { EpochClock } from '../src/runtime/otel/epoch-clock.ts';
import { Budget, TailFilter, RecordRootsSampler, Share } from '../src/runtime/otel/sampling.ts';

describe('a share', () => {
  const ids = Array.from({ length: 20_000 }, () => newTrace().traceId);
  const countOf = (share: Share) => ids.filter((id) => share.includes(id, 'sendMessage')).length;

  it('is met over many traces', () => {
    for (const ratio of [0, 0.05, 0.5])
      expect(Math.abs(countOf(new Share(ratio, Infinity)) / ids.length - ratio)).toBeLessThan(0.02);
    expect(countOf(new Share(1, Infinity))).toBe(ids.length);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('is limited per second and name', () => {
    jest.useFakeTimers();
    const share = new Share(1, 20);
    expect(countOf(share)).toBe(20);
    expect(share.includes(ids[0] ?? '', 'joinChat')).toBe(true);
    jest.advanceTimersByTime(100);
    expect(countOf(share)).toBe(2);
  });
});

describe('spans of libraries', () => {
  const { traceId } = newTrace();
  const below = (traceFlags: TraceFlags) =>
    trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: '00f067aa0ba902b7', traceFlags });

  it('follow their parent, and are always recorded without one', () => {
    const decisionOf = (ratio: number, context = ROOT_CONTEXT) =>
      new RecordRootsSampler(new Share(ratio, Infinity)).shouldSample(
        context,
        traceId,
        'GET',
        SpanKind.SERVER,
        {},
      ).decision;
    expect([decisionOf(1), decisionOf(0)]).toEqual([
      SamplingDecision.RECORD_AND_SAMPLED,
      SamplingDecision.RECORD,
    ]);
    expect([decisionOf(0, below(TraceFlags.SAMPLED)), decisionOf(1, below(TraceFlags.NONE))]).toEqual([
      SamplingDecision.RECORD_AND_SAMPLED,
      SamplingDecision.NOT_RECORD,
    ]);
  });

  it('that are not sampled are exported only when failed or slow, in their own trace', () => {
    const exporter = new InMemorySpanExporter();
    const tracer = new TracerProvider({
      sampler: new RecordRootsSampler(new Share(0, Infinity)),
      spanProcessors: [
        new TailFilter(new SimpleSpanProcessor({ exporter }), 100, new Budget(2), new EpochClock()),
      ],
    }).getTracer('test');
    const end = (name: string, ms: number, code = SpanStatusCode.UNSET) => {
      const span = tracer.startSpan(
        name,
        { kind: SpanKind.SERVER, startTime: [1, 0], attributes: { name } },
        ROOT_CONTEXT,
      );
      span.setStatus({ code }).end([1, ms * 1e6]);
      return span.spanContext();
    };
    end('fast', 99);
    const kept = [end('failed', 1, SpanStatusCode.ERROR), end('slow', 100)];
    end('slow', 100);
    end('slow', 100);
    expect(
      exporter
        .getFinishedSpans()
        .slice(0, 2)
        .map((span) => [span.name, span.attributes, span.spanContext().traceId, span.spanContext().spanId]),
    ).toEqual(
      [
        ['failed', { name: 'failed' }],
        ['slow', { name: 'slow' }],
      ].map(([name, attributes], n) => [name, attributes, kept[n]?.traceId, kept[n]?.spanId]),
    );
    // The budget limits each name.
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['failed', 'slow', 'slow']);
  });

  it('begin before their children, even when `onEnd` is called late', () => {
    const exporter = new InMemorySpanExporter();
    const clock = new EpochClock();
    const until = { time: 0 };
    const stall = {
      onStart: () => undefined,
      onEnd: () => {
        while (performance.now() < until.time);
      },
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    const keep = new TailFilter(new SimpleSpanProcessor({ exporter }), 100, new Budget(Infinity), clock);
    const span = new TracerProvider({ spanProcessors: [stall, keep] }).getTracer('test').startSpan('POST');
    const childStart = performance.now();
    until.time = childStart + 20;
    span.end();
    const [exported] = exporter.getFinishedSpans();
    expect(hrTimeToMilliseconds(exported?.startTime ?? [0, 0])).toBeLessThanOrEqual(
      hrTimeToMilliseconds(clock.timeOf(childStart)),
    );
  });
});
