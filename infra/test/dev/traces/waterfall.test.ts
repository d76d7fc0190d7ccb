import { describe, expect, it } from '@jest/globals';
import { sampleSpan, spanId } from './sample.ts';
import type { TraceSpan } from '../../../dev/traces/span.ts';
import { waterfall } from '../../../dev/traces/waterfall.ts';

/** `1>2@30`: span 2 is a child of span 1 and starts at 30 ms. */
function spans(...drawn: string[]): TraceSpan[] {
  return drawn.map((text) => {
    const [, parent, own = '', start = own] = /^(?:(\d)>)?(\d)(?:@(\d+))?$/.exec(text) ?? [];
    return sampleSpan('1', own, {
      startMs: Number(start),
      ...(parent === undefined ? {} : { parentSpanId: spanId(parent) }),
    });
  });
}

const shown = (...drawn: string[]): string[] =>
  waterfall(spans(...drawn)).map(
    ({ span, depth, parentMissing }) =>
      `${'-'.repeat(depth)}${span.spanId[0] ?? ''}${parentMissing ? '?' : ''}`,
  );

describe('a waterfall', () => {
  it('shows children below their parent, the earlier first', () => {
    expect(shown('1', '1>2@20', '2>3@21', '1>4@10', '4>5@22')).toEqual(['1', '-4', '--5', '-2', '--3']);
  });

  it('is the same in any order of arrival', () => {
    expect(shown('4>5@22', '2>3@21', '1>4@10', '1>2@20', '1')).toEqual(['1', '-4', '--5', '-2', '--3']);
  });

  it('shows a span with a missing parent as a marked root, with its children', () => {
    expect(shown('9>2', '2>3', '1@50')).toEqual(['1', '2?', '-3']);
  });

  it('shows each span once when parents form a cycle', () => {
    expect(shown('1>2', '2>1', '3>3', '4')).toEqual(['4', '1', '-2', '3']);
  });

  it('supports a chain of 20,000 spans', () => {
    const id = (index: number): string => index.toString(16).padStart(16, '0');
    const chain = Array.from({ length: 20_000 }, (_, index) =>
      sampleSpan('1', '1', {
        spanId: id(index),
        startMs: index,
        ...(index > 0 ? { parentSpanId: id(index - 1) } : {}),
      }),
    );
    expect(waterfall(chain).at(-1)?.depth).toBe(19_999);
  });

  it('of no spans is empty', () => {
    expect(waterfall([])).toEqual([]);
  });
});
