import { describe, expect, it } from '@jest/globals';
import { linkTo, sampleSpan, spanId, traceId } from './sample.ts';
import { TraceStore } from '../../../dev/traces/trace-store.ts';

const idsOf = (spans: readonly { spanId: string }[]): string[] => spans.map((span) => span.spanId);

describe('the store of traces', () => {
  it('returns the spans of a trace sorted, in any order of arrival', () => {
    const store = new TraceStore();
    store.add([sampleSpan('1', '3'), sampleSpan('2', '1')]);
    store.add([sampleSpan('1', '2')]);
    store.add([sampleSpan('1', '1')]);
    expect(idsOf(store.get(traceId('1')))).toEqual(['1', '2', '3'].map(spanId));
  });

  it('keeps the last version of a span that arrives twice', () => {
    const store = new TraceStore();
    store.add([sampleSpan('1', '1'), sampleSpan('1', '1', { name: 'again' })]);
    expect(store.get(traceId('1'))).toMatchObject([{ name: 'again' }]);
  });

  it('summarises a trace by its root, not by its earliest span', () => {
    const store = new TraceStore();
    store.add([
      sampleSpan('1', '5', {
        service: 'message-service',
        parentSpanId: spanId('6'),
        startMs: 100,
        durationMs: 2,
        error: 'CHAT_CLOSED',
      }),
      sampleSpan('1', '6', { name: 'sendMessage', startMs: 101, durationMs: 9.5 }),
    ]);
    expect(store.list()).toEqual([
      {
        traceId: traceId('1'),
        name: 'sendMessage',
        service: 'gateway',
        services: ['message-service', 'gateway'],
        spans: 2,
        startMs: 100,
        durationMs: 10.5,
        error: 'CHAT_CLOSED',
      },
    ]);
  });

  it('lists the newest first, in any order of arrival', () => {
    const store = new TraceStore();
    store.add(['5', '9', '1'].map((digit) => sampleSpan(digit, digit)));
    expect(store.list().map(({ startMs }) => startMs)).toEqual([9, 5, 1]);
  });

  it('evicts failed or slow traces only when no others are left', () => {
    const store = new TraceStore({ traces: 3 });
    store.add([
      sampleSpan('1', '1', { error: 'BUSY' }),
      sampleSpan('2', '2', { durationMs: 900 }),
      sampleSpan('3', '3'),
      sampleSpan('4', '4'),
      sampleSpan('5', '5', { error: 'TIMEOUT' }),
    ]);
    expect(['1', '2', '3', '4', '5'].filter((digit) => store.has(traceId(digit)))).toEqual(['1', '2', '5']);
    store.add([sampleSpan('6', '6', { error: 'TIMEOUT' })]);
    expect(['1', '2', '5', '6'].filter((digit) => store.has(traceId(digit)))).toEqual(['2', '5', '6']);
  });

  it('evicts the trace that has received no span for the longest time', () => {
    const store = new TraceStore({ traces: 2 });
    store.add([sampleSpan('1', '1')]);
    store.add([sampleSpan('2', '1')]);
    store.add([sampleSpan('1', '2')]);
    store.add([sampleSpan('3', '1')]);
    expect(['1', '2', '3'].map((digit) => store.has(traceId(digit)))).toEqual([true, false, true]);
  });

  it('keeps 1,000 traces', () => {
    const store = new TraceStore();
    store.add(
      Array.from({ length: 1_010 }, (_, index) =>
        sampleSpan('1', '1', { traceId: index.toString(16).padStart(32, '0') }),
      ),
    );
    expect(store.list()).toHaveLength(1_000);
    expect(store.has('9'.padStart(32, '0'))).toBe(false);
  });

  it('limits the number of spans, and counts a repeated span once', () => {
    const store = new TraceStore({ spans: 3 });
    store.add([sampleSpan('1', '1'), sampleSpan('2', '1')]);
    for (let time = 0; time < 10; time++) store.add([sampleSpan('2', '1')]);
    expect(store.has(traceId('1'))).toBe(true);
    store.add([sampleSpan('2', '2'), sampleSpan('2', '3')]);
    expect([store.has(traceId('1')), store.get(traceId('2')).length]).toEqual([false, 3]);
  });

  it('lists linked traces from both ends', () => {
    const store = new TraceStore();
    store.add([
      sampleSpan('1', '1'),
      sampleSpan('1', '2', { links: [linkTo('c')] }),
      sampleSpan('2', '1', { links: [linkTo('c'), linkTo('c', '2')] }),
      sampleSpan('c', '1'),
      sampleSpan('3', '1'),
    ]);
    expect(store.linked(traceId('1'))).toMatchObject([
      { traceId: traceId('c'), direction: 'to', links: 1, spans: [{ spanId: spanId('1') }] },
    ]);
    expect(store.linked(traceId('c'))).toMatchObject([
      { traceId: traceId('1'), direction: 'from', links: 1, spans: [{}, {}] },
      { traceId: traceId('2'), direction: 'from', links: 2 },
    ]);
    expect(store.linked(traceId('3'))).toEqual([]);
  });

  it('lists traces that link to each other once, and not the trace itself', () => {
    const store = new TraceStore();
    store.add([
      sampleSpan('1', '1', { links: [linkTo('2'), linkTo('1', '2')] }),
      sampleSpan('2', '1', { links: [linkTo('1')] }),
    ]);
    expect(store.linked(traceId('1'))).toMatchObject([{ traceId: traceId('2'), direction: 'to' }]);
  });

  it('lists a linked trace that is not in the store', () => {
    const store = new TraceStore();
    store.add([sampleSpan('1', '1', { links: [linkTo('9')] })]);
    expect(store.linked(traceId('1'))).toEqual([
      { traceId: traceId('9'), direction: 'to', links: 1, spans: [] },
    ]);
  });
});
