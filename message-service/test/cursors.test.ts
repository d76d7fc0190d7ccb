import { expect, it } from '@jest/globals';
import { Cursor } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import fc from 'fast-check';
import { decodeSeq, encodeSeq } from '../src/store/cursors.ts';

const base64url = (text: string) => Buffer.from(text).toString('base64url');

it('decodes the cursors that it encoded', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (seq) => {
      expect(decodeSeq(Cursor.parse(encodeSeq(seq)))).toBe(seq);
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
  expect(() => decodeSeq(cursor)).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
  expect(() => decodeSeq(cursor)).toThrow(Failure);
});
