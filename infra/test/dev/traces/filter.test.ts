import { describe, expect, it } from '@jest/globals';
import { passes, readFilter } from '../../../dev/traces/filter.ts';
import { sampleSpan, spanId } from './sample.ts';

const trace = [
  sampleSpan('a', '1', { name: 'sendMessage', startMs: 0, durationMs: 10 }),
  sampleSpan('a', '2', {
    name: 'INSERT',
    service: 'message-service',
    startMs: 5,
    durationMs: 15,
    parentSpanId: spanId('1'),
    attributes: { 'chat.id': 42, tags: ['Urgent'] },
    error: 'CHAT_CLOSED',
  }),
];
const isShown = (query: string, spans = trace): boolean =>
  passes(readFilter(new URLSearchParams(query)), spans);

describe('the filter', () => {
  it.each([
    'q=',
    'q=SENDmess',
    'q=insert',
    'q=chat.id',
    'q=chat.id%3D42',
    'q=42',
    'q=urgent',
    'q=message-service',
    'q=gateway-2',
    'q=aaaaaaaa',
    'q=chat_closed',
    'q=%20insert%20',
    'min=20',
    'min=',
    'min=soon',
    'min=-1',
    'errors',
    'q=insert&min=20&errors=on',
  ])('shows a trace that matches %s', (query) => {
    expect(isShown(query)).toBe(true);
  });

  it.each(['q=readMessages', 'q=chat.id%3D43', 'q=bbbb', 'min=20.1', 'q=insert&min=21'])(
    'hides a trace that does not match %s',
    (query) => {
      expect(isShown(query)).toBe(false);
    },
  );

  it('hides a trace without errors when only errors are wanted', () => {
    expect(isShown('errors', trace.slice(0, 1))).toBe(false);
  });
});
