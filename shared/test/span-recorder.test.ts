import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { context, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { emptyResource } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { newTrace } from '@switchboard/shared/telemetry';
import { EpochClock } from '../src/runtime/otel/epoch-clock.ts';
import { Budget, Share } from '../src/runtime/otel/sampling.ts';
import { createSpanRecorder } from '../src/runtime/otel/span-recorder.ts';

const exporter = new InMemorySpanExporter();
const recorder = createSpanRecorder(
  new SimpleSpanProcessor({ exporter }),
  emptyResource(),
  new Share(1, Infinity),
  new Budget(Infinity),
  100,
  new EpochClock(),
);
beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => {
  context.disable();
});

describe('a recorded span', () => {
  it('is exported as sampled, with its own ids, times, kind and links', () => {
    const [parent, of, link] = [newTrace(), newTrace(), newTrace()];
    const startedAt = performance.now() - 50;
    recorder.record({
      name: 'commit',
      kind: 'server',
      trace: of,
      parent,
      startedAt,
      endedAt: startedAt + 12.5,
      attributes: { a: 1 },
      links: [link],
      error: 'BUSY',
    });
    const [span] = exporter.getFinishedSpans();
    expect(span).toMatchObject({
      name: 'commit',
      kind: SpanKind.SERVER,
      attributes: { a: 1 },
      status: { code: SpanStatusCode.ERROR, message: 'BUSY' },
      ended: true,
      parentSpanContext: { traceId: parent.traceId, spanId: parent.spanId, isRemote: true },
      links: [{ context: { traceId: link.traceId, spanId: link.spanId } }],
    });
    expect(span?.spanContext()).toMatchObject({
      traceId: of.traceId,
      spanId: of.spanId,
      traceFlags: TraceFlags.SAMPLED,
    });
    expect(hrTimeToMilliseconds(span?.duration ?? [0, 0])).toBeCloseTo(12.5, 3);
    expect(Math.abs(hrTimeToMilliseconds(span?.startTime ?? [0, 0]) - (Date.now() - 50))).toBeLessThan(25);
  });
});

it("records work below its own trace instead of the caller's, and below none without one", async () => {
  const [outer, inner] = [newTrace(), newTrace()];
  const below = async () => {
    await Promise.resolve();
    return trace.getSpanContext(context.active())?.traceId;
  };
  expect(await recorder.within(outer, below)).toBe(outer.traceId);
  expect(await recorder.within(outer, () => recorder.within(inner, below))).toBe(inner.traceId);
  expect(await recorder.within(outer, () => recorder.within(undefined, below))).toBeUndefined();
  expect(await recorder.within(undefined, below)).toBeUndefined();
});
