import { expect, it } from '@jest/globals';
import { withinBytes } from '../src/store/page.ts';

const megabyte = 'x'.repeat(1024 * 1024);

it('keeps a page that fits as it is', () => {
  expect(withinBytes([])).toEqual([]);
  expect(withinBytes(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
});

it('keeps the first items as far as they fit', () => {
  const items = ['1', '2', '3', '4', '5'].map((name) => name + megabyte);
  expect(withinBytes(items)).toEqual(items.slice(0, 3));
});

it('counts bytes on the wire, not characters', () => {
  const items = [1, 2, 3].map((n) => ({ n, text: '語'.repeat(500_000) }));
  expect(withinBytes(items).map(({ n }) => n)).toEqual([1, 2]);
  const escaped = [1, 2, 3].map((n) => ({ n, text: '\u0001'.repeat(300_000) }));
  expect(withinBytes(escaped).map(({ n }) => n)).toEqual([1, 2]);
});

it('never comes back empty: an item that is too large alone is a page of its own', () => {
  const items = [megabyte.repeat(5), 'small'];
  expect(withinBytes(items)).toEqual(items.slice(0, 1));
});
