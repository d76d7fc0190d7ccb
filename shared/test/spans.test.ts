import { beforeEach, describe, expect, it } from '@jest/globals';
import { newTrace, noRecorder, Spans, type EndedSpan, type SpanRecorder, type Trace } from '@switchboard/shared/bus';
import fc from 'fast-check';

const SLOW_MS = 30;

let recorded: EndedSpan[];
let below: (Trace | undefined)[];
const recorder = (isSampled: boolean): SpanRecorder => ({
  slowMs: SLOW_MS,
  isSampled: () => isSampled,
  record: (span) => { recorded.push(span); },
  within: (trace, work) => {
    below.push(trace);
    return work();
  },
});
beforeEach(() => {
  recorded = [];
  below = [];
});

const busyFor = (ms: number) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

describe('a span', () => {
  it('of a sampled trace is recorded below its parent, with what was known at its beginning and at its end', () => {
    const spans = new Spans(recorder(true));
    const root = spans.begin('sendMessage', 'server', { attributes: { a: 1 }, origin: 'here' });
    const child = spans.begin('message.v1.send', 'client', { parent: root.trace });
    child.end('CHAT_NOT_FOUND', { b: true }, [root.trace]);
    root.end();
    expect(recorded).toMatchObject([
      { name: 'message.v1.send', kind: 'client', parent: root.trace, attributes: { 'b': true, 'error.type': 'CHAT_NOT_FOUND' }, links: [root.trace], error: undefined },
      { name: 'sendMessage', kind: 'server', parent: undefined, attributes: { a: 1 }, error: undefined },
    ]);
    expect(child.trace).toMatchObject({ traceId: root.trace.traceId, isSampled: true, origin: 'here' });
    expect(child.trace.spanId).not.toBe(root.trace.spanId);
  });

  it('of another trace is recorded only when it failed by our fault or was slow', () => {
    const spans = new Spans(recorder(false));
    for (const outcome of [undefined, 'VALIDATION', 'CHAT_CLOSED']) spans.begin('fast', 'server').end(outcome);
    expect(recorded).toEqual([]);
    for (const outcome of ['UNAVAILABLE', 'TIMEOUT', 'BUSY', 'INTERNAL', 'ECONNRESET']) spans.begin(outcome, 'server').end(outcome);
    const slow = spans.begin('slow', 'server');
    busyFor(SLOW_MS + 1);
    slow.end();
    expect(recorded.map(({ name, error }) => [name, error])).toEqual([
      ['UNAVAILABLE', 'UNAVAILABLE'], ['TIMEOUT', 'TIMEOUT'], ['BUSY', 'BUSY'], ['INTERNAL', 'INTERNAL'], ['ECONNRESET', 'ECONNRESET'], ['slow', undefined],
    ]);
  });

  it('goes by what its parent says, wherever its trace began', () => {
    new Spans(recorder(false)).begin('here', 'server', { parent: { ...newTrace(), isSampled: true } }).end();
    new Spans(recorder(true)).begin('there', 'server', { parent: newTrace() }).end();
    expect(recorded.map(({ name }) => name)).toEqual(['here']);
  });

  it('has statements recorded below it where it is sampled, and below nothing else\'s where it is not', () => {
    const sampled = new Spans(recorder(true)).begin('a', 'server');
    expect(sampled.run(() => 7)).toBe(7);
    new Spans(recorder(false)).begin('b', 'server').run(() => undefined);
    expect(below).toEqual([sampled.trace, undefined]);
  });

  it('costs nothing and says nothing without telemetry', () => {
    const span = new Spans(noRecorder).begin('a', 'server');
    expect(span.trace.isSampled).toBe(false);
    expect(span.run(() => 7)).toBe(7);
    span.end('INTERNAL');
    expect(recorded).toEqual([]);
  });
});

it('work shared by many is a trace of its own, sampled when one of theirs is, linked to those', () => {
  fc.assert(fc.property(fc.array(fc.boolean()), (sampled) => {
    recorded = [];
    const spans = new Spans(recorder(false));
    const links = sampled.map((isSampled) => ({ ...newTrace(), isSampled }));
    const shared = spans.beginShared('commit sends', links);
    shared.end();
    expect(shared.trace.isSampled).toBe(sampled.includes(true));
    expect(links.map(({ traceId }) => traceId)).not.toContain(shared.trace.traceId);
    expect(recorded.map((span) => span.links)).toEqual(sampled.includes(true) ? [links.filter(({ isSampled }) => isSampled)] : []);
  }));
});
