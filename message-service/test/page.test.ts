import { expect, it } from '@jest/globals';
import { withinBytes } from '../src/store/page.ts';

const third = 'x'.repeat(330_000);

it('keeps a page that fits as it is', () => {
  expect(withinBytes([])).toEqual([]);
  expect(withinBytes(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
});

it('keeps the first items that fit', () => {
  const items = ['1', '2', '3', '4', '5'].map((name) => name + third);
  expect(withinBytes(items)).toEqual(items.slice(0, 3));
});

it('counts bytes on the wire, not characters', () => {
  const items = [1, 2, 3].map((n) => ({ n, text: '語'.repeat(150_000) }));
  expect(withinBytes(items).map(({ n }) => n)).toEqual([1, 2]);
  const escaped = [1, 2, 3].map((n) => ({ n, text: '\u0001'.repeat(80_000) }));
  expect(withinBytes(escaped).map(({ n }) => n)).toEqual([1, 2]);
});

it('keeps one item even if it is too large alone', () => {
  const items = [third.repeat(5), 'small'];
  expect(withinBytes(items)).toEqual(items.slice(0, 1));
});
