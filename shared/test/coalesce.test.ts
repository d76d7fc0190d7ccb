import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Coalescer, jsonArray, split, type Item } from '../src/bus/coalesce.ts';
import { Tick } from '../src/bus/tick.ts';

const MAX_LENGTH = 512 * 1024;
const MAX_ITEMS = 256;

const item = (id: number, length = 10, group?: string): Item => ({
  id,
  text: JSON.stringify('x'.repeat(length - 2)),
  group,
});
const items = fc
  .array(
    fc.record({
      length: fc.oneof(fc.integer({ min: 2, max: 99 }), fc.integer({ min: 2, max: 300_000 })),
      group: fc.constantFrom(undefined, 'a', 'b'),
    }),
    { maxLength: 40 },
  )
  .map((list) => list.map(({ length, group }, id) => item(id, length, group)));
const areBound = (a: Item | undefined, b: Item | undefined): boolean =>
  a?.group !== undefined && a.group === b?.group;

describe('split', () => {
  it('loses nothing, repeats nothing and keeps the order', () => {
    fc.assert(
      fc.property(items, (list) => {
        expect(split(list).flat()).toEqual(list);
      }),
    );
  });

  it('never splits neighbours of one group', () => {
    fc.assert(
      fc.property(items, (list) => {
        const parts = split(list);
        for (const [index, part] of parts.entries())
          expect(areBound(parts[index - 1]?.at(-1), part[0])).toBe(false);
      }),
    );
  });

  it('starts a new part when an item would exceed the length, except within a group', () => {
    fc.assert(
      fc.property(items, (list) => {
        for (const part of split(list)) {
          let length = 0;
          for (const [index, one] of part.entries()) {
            length += one.text.length;
            if (index > 0 && !areBound(part[index - 1], one)) expect(length).toBeLessThanOrEqual(MAX_LENGTH);
          }
        }
      }),
    );
  });

  it('fills each part up to the limit', () => {
    const list = Array.from({ length: 2 * MAX_ITEMS + 1 }, (_, id) => item(id));
    expect(split(list).map((part) => part.length)).toEqual([MAX_ITEMS, MAX_ITEMS, 1]);
    expect(
      split([item(1, MAX_LENGTH / 2), item(2, MAX_LENGTH / 2), item(3)]).map((part) => part.length),
    ).toEqual([2, 1]);
  });

  it('sends an item that is too long alone', () => {
    expect(
      split([item(1), item(2, MAX_LENGTH + 1), item(3)]).map((part) => part.map(({ id }) => id)),
    ).toEqual([[1], [2], [3]]);
  });

  it('keeps a group together beyond every limit', () => {
    const list = Array.from({ length: MAX_ITEMS + 10 }, (_, id) => item(id, 10_000, 'one'));
    expect(split(list)).toEqual([list]);
  });

  it('returns no part for no items', () => {
    expect(split([])).toEqual([]);
  });
});

describe('a coalescer', () => {
  const collecting = () => {
    const sent: { key: string; ids: number[] }[] = [];
    return {
      sent,
      coalescer: new Coalescer(new Tick(), (key, list) => sent.push({ key, ids: list.map(({ id }) => id) })),
    };
  };

  it('sends the items of one tick at its end, separately by key', async () => {
    const { sent, coalescer } = collecting();
    coalescer.add('a', item(1));
    await Promise.resolve();
    coalescer.add('b', item(2));
    coalescer.add('a', item(3));
    expect(sent).toEqual([]);
    await nextTurn();
    expect(sent).toEqual([
      { key: 'a', ids: [1, 3] },
      { key: 'b', ids: [2] },
    ]);
    coalescer.add('a', item(4));
    await nextTurn();
    expect(sent.at(-1)).toEqual({ key: 'a', ids: [4] });
  });

  it('sends at once on flush, and not again afterwards', async () => {
    const { sent, coalescer } = collecting();
    coalescer.add('a', item(1));
    coalescer.flush();
    expect(sent).toEqual([{ key: 'a', ids: [1] }]);
    await nextTurn();
    expect(sent).toHaveLength(1);
  });

  it('sends items that are added while it sends', async () => {
    const ids: number[] = [];
    const coalescer: Coalescer = new Coalescer(new Tick(), (_key, list) => {
      ids.push(...list.map(({ id }) => id));
      if (ids.length < 3) coalescer.add('a', item(ids.length + 1));
    });
    coalescer.add('a', item(1));
    await nextTurn();
    await nextTurn();
    await nextTurn();
    expect(ids).toEqual([1, 2, 3]);
  });

  it('makes one array of JSON', () => {
    expect(
      JSON.parse(
        jsonArray([
          { id: 1, text: '{"a":1}' },
          { id: 2, text: '"]"' },
        ]),
      ),
    ).toEqual([{ a: 1 }, ']']);
  });
});
