import { expect, it } from '@jest/globals';
import { Cursor } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import fc from 'fast-check';
import { catchUpCursor, historyCursor } from '../src/store/cursors.ts';

const base64url = (text: string) => Buffer.from(text).toString('base64url');

it('decodes the cursors that it encoded', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (seq) => {
      expect(historyCursor.decode(Cursor.parse(historyCursor.encode(seq)))).toBe(seq);
    }),
  );
});

it.each([
  'nonsense',
  '5',
  base64url('5'),
  base64url('before:0'),
  base64url('before:-1'),
  base64url('before:1.5'),
  base64url('before:9999999999'),
  base64url('before:1; DROP'),
])('refuses %s, which it did not encode', (cursor) => {
  expect(() => historyCursor.decode(cursor)).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
  expect(() => historyCursor.decode(cursor)).toThrow(Failure);
});

it.each(['log:5:4', 'log:-1:4', 'log:1', 'log:1:9999999999', 'log:01:2', 'before:5'])(
  'reads no point of the log in %s',
  (text) => {
    expect(catchUpCursor.tryDecode(base64url(text))).toBeUndefined();
  },
);

it('reads a point of the log that it encoded', () => {
  expect(catchUpCursor.decode(catchUpCursor.encode({ rev: 0, upTo: 12 }))).toEqual({ rev: 0, upTo: 12 });
});
