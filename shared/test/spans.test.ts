import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  newTrace,
  noRecorder,
  Spans,
  type EndedSpan,
  type OpenSpan,
  type SpanRecorder,
  type Trace,
} from '@switchboard/shared/telemetry';
import fc from 'fast-check';

const SLOW_MS = 30;

let recorded: EndedSpan[];
let below: (Trace | undefined)[];
const recorder = (isSampled: boolean): SpanRecorder => ({
  slowMs: SLOW_MS,
  isSampled: () => isSampled,
  record: (span) => {
    recorded.push(span);
  },
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
  it('of a sampled trace is recorded under its parent, with the attributes of begin and end', () => {
    const spans = new Spans(recorder(true));
    const root = spans.begin('sendMessage', 'server', { attributes: { a: 1 }, origin: 'here' });
    const child = spans.begin('message.v1.send', 'client', { parent: root.trace });
    child.end('CHAT_NOT_FOUND', { b: true }, [root.trace]);
    root.end();
    expect(recorded).toMatchObject([
      {
        name: 'message.v1.send',
        kind: 'client',
        parent: root.trace,
        attributes: { b: true, 'error.type': 'CHAT_NOT_FOUND' },
        links: [root.trace],
        error: undefined,
      },
      { name: 'sendMessage', kind: 'server', parent: undefined, attributes: { a: 1 }, error: undefined },
    ]);
    expect(child.trace).toMatchObject({ traceId: root.trace.traceId, isSampled: true, origin: 'here' });
    expect(child.trace.spanId).not.toBe(root.trace.spanId);
  });

  it('of another trace is recorded only after a server fault or when slow', () => {
    const spans = new Spans(recorder(false));
    for (const outcome of [undefined, 'VALIDATION', 'CHAT_CLOSED'])
      spans.begin('fast', 'server').end(outcome);
    expect(recorded).toEqual([]);
    for (const outcome of ['UNAVAILABLE', 'TIMEOUT', 'BUSY', 'INTERNAL', 'ECONNRESET'])
      spans.begin(outcome, 'server').end(outcome);
    const slow = spans.begin('slow', 'server');
    busyFor(SLOW_MS + 1);
    slow.end();
    expect(recorded.map(({ name, error }) => [name, error])).toEqual([
      ['UNAVAILABLE', 'UNAVAILABLE'],
      ['TIMEOUT', 'TIMEOUT'],
      ['BUSY', 'BUSY'],
      ['INTERNAL', 'INTERNAL'],
      ['ECONNRESET', 'ECONNRESET'],
      ['slow', undefined],
    ]);
  });

  it('follows the sampling decision of its parent', () => {
    new Spans(recorder(false)).begin('here', 'server', { parent: { ...newTrace(), isSampled: true } }).end();
    new Spans(recorder(true)).begin('there', 'server', { parent: newTrace() }).end();
    expect(recorded.map(({ name }) => name)).toEqual(['here']);
  });

  it('is the parent of its SQL spans when sampled; otherwise those have none', () => {
    const sampled = new Spans(recorder(true)).begin('a', 'server');
    expect(sampled.run(() => 7)).toBe(7);
    new Spans(recorder(false)).begin('b', 'server').run(() => undefined);
    expect(below).toEqual([sampled.trace, undefined]);
  });

  it('records nothing without telemetry', () => {
    const span = new Spans(noRecorder).begin('a', 'server');
    expect(span.trace.isSampled).toBe(false);
    expect(span.run(() => 7)).toBe(7);
    span.end('INTERNAL');
    expect(recorded).toEqual([]);
  });
});

it('shared work is a trace of its own, sampled when one cause is, and linked to those', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean()), (sampled) => {
      recorded = [];
      const spans = new Spans(recorder(false));
      const links = sampled.map((isSampled) => ({ ...newTrace(), isSampled }));
      const shared = spans.beginShared('commit sends', links);
      shared.end();
      expect(shared.trace.isSampled).toBe(sampled.includes(true));
      expect(links.map(({ traceId }) => traceId)).not.toContain(shared.trace.traceId);
      expect(recorded.map((span) => span.links)).toEqual(
        sampled.includes(true) ? [links.filter(({ isSampled }) => isSampled)] : [],
      );
    }),
  );
});

describe('shared work that was neither slow nor failed', () => {
  const shared = (end: (span: OpenSpan, work: OpenSpan) => void) => {
    const spans = new Spans(recorder(false));
    const span = spans.begin('commit', 'internal');
    end(span, spans.beginShared('commit sends', [span.trace]));
    return recorded.map(({ name, links }) => [name, links.map(({ traceId }) => traceId), span.trace.traceId]);
  };

  it('is recorded, once, when a span that failed links to it', () => {
    const names = shared((span, work) => {
      work.end(undefined, { 'switchboard.batch.size': 2 });
      span.end('TIMEOUT', {}, [work.trace]);
      new Spans(recorder(false)).begin('another', 'internal').end('INTERNAL', {}, [work.trace]);
    });
    expect(names.map(([name]) => name)).toEqual(['commit', 'commit sends', 'another']);
    expect(names[1]?.[1]).toEqual([names[1]?.[2]]);
    expect(recorded[1]?.attributes).toEqual({ 'switchboard.batch.size': 2 });
  });

  it('is recorded when the span that links to it ended before', () => {
    const names = shared((span, work) => {
      span.end('INTERNAL', {}, [work.trace]);
      work.end();
    });
    expect(names.map(([name]) => name)).toEqual(['commit', 'commit sends']);
  });

  it("is not recorded for a client's mistake, nor for a success", () => {
    for (const outcome of [undefined, 'CHAT_CLOSED'])
      expect(
        shared((span, work) => {
          work.end();
          span.end(outcome, {}, [work.trace]);
        }),
      ).toEqual([]);
  });
});
