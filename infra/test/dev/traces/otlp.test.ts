import { describe, expect, it } from '@jest/globals';
import { readExport } from '../../../dev/traces/otlp.ts';
import { exportRequest, linkTo, spanId, traceId } from './sample.ts';

const read = (span: Readonly<Record<string, unknown>> = {}) => readExport(exportRequest(span)).spans[0];

describe('an export request', () => {
  it('is read with its origin, start and duration', () => {
    expect(readExport(exportRequest())).toEqual({
      rejected: 0,
      spans: [
        {
          traceId: traceId('a'),
          spanId: spanId('b'),
          parentSpanId: spanId('c'),
          name: 'message.v1.send',
          kind: 'server',
          service: 'message-service',
          instance: 'message-service-2',
          scope: 'bus',
          startMs: 1764000000123.456,
          durationMs: 2.5,
          attributes: { 'chat.id': 42 },
          error: undefined,
          links: [],
        },
      ],
    });
  });

  it('keeps every kind of attribute', () => {
    const value = {
      arrayValue: {
        values: [
          { stringValue: 'a' },
          { kvlistValue: { values: [{ key: 'deep', value: { intValue: '7' } }] } },
        ],
      },
    };
    const attributes = [
      { key: 'text', value: { stringValue: '' } },
      { key: 'whole', value: { intValue: '9007199254740991' } },
      { key: 'zero', value: { intValue: 0 } },
      { key: 'part', value: { doubleValue: 0.5 } },
      { key: 'no', value: { boolValue: false } },
      { key: 'list', value },
      { key: 'nothing', value: {} },
    ];
    expect(read({ attributes })?.attributes).toEqual({
      text: '',
      whole: 9007199254740991,
      zero: 0,
      part: 0.5,
      no: false,
      list: ['a', { deep: 7 }],
      nothing: null,
    });
  });

  it.each([
    [1, 'internal'],
    [2, 'server'],
    [3, 'client'],
    [4, 'producer'],
    [5, 'consumer'],
    [0, 'internal'],
    [99, 'internal'],
    ['SPAN_KIND_CLIENT', 'client'],
    [undefined, 'internal'],
  ])('reads the kind %s as %s', (kind, name) => {
    expect(read({ kind })?.kind).toBe(name);
  });

  it.each([
    [{ code: 2, message: 'no room' }, [], 'no room'],
    [
      { code: 'STATUS_CODE_ERROR' },
      [{ key: 'error.type', value: { stringValue: 'CHAT_CLOSED' } }],
      'CHAT_CLOSED',
    ],
    [{ code: 2, message: '' }, [], 'error'],
    [{ code: 1, message: 'fine' }, [], undefined],
    [{}, [{ key: 'error.type', value: { stringValue: 'handled' } }], undefined],
    [undefined, [], undefined],
  ])('reads status %j with attributes %j as the error %s', (status, attributes, error) => {
    expect(read({ status, attributes })?.error).toBe(error);
  });

  it('keeps the links of a span', () => {
    expect(read({ links: [{ ...linkTo('d', 'e'), attributes: [], flags: 1 }] })?.links).toEqual([
      linkTo('d', 'e'),
    ]);
  });

  it.each([undefined, null, '', '0000000000000000'])(
    'reads a span with the parent %j as a root',
    (parentSpanId) => {
      expect(read({ parentSpanId })).not.toHaveProperty('parentSpanId');
    },
  );

  it('accepts ids in capitals and times as numbers', () => {
    expect(
      read({
        traceId: traceId('A'),
        startTimeUnixNano: 1764000000000000000,
        endTimeUnixNano: 1764000000004000000,
      }),
    ).toMatchObject({ traceId: traceId('a'), startMs: 1764000000000, durationMs: 4 });
  });

  it('gives a span that ends before it starts the duration 0', () => {
    expect(read({ endTimeUnixNano: '1764000000000000000' })?.durationMs).toBe(0);
  });

  it('reads a span without its optional fields', () => {
    const span = { traceId: traceId('a'), spanId: spanId('b'), startTimeUnixNano: '1000000' };
    expect(readExport({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }, {}] }).spans).toMatchObject([
      { name: '', service: 'unknown', instance: '', startMs: 1, durationMs: 0 },
    ]);
    expect(readExport({})).toEqual({ spans: [], rejected: 0 });
  });

  it.each([{ traceId: 'xyz' }, { spanId: undefined }, { startTimeUnixNano: 'soon' }])(
    'rejects only the span that has %j',
    (broken) => {
      const [first] = exportRequest().resourceSpans;
      const request = { resourceSpans: [...exportRequest(broken).resourceSpans, first] };
      expect(readExport(request)).toMatchObject({ rejected: 1, spans: [{ spanId: spanId('b') }] });
    },
  );

  it.each([undefined, null, 7, 'spans', { resourceSpans: 7 }, { resourceSpans: [{ scopeSpans: 'none' }] }])(
    'is refused when it is %j',
    (document) => {
      expect(() => readExport(document)).toThrow();
    },
  );
});
