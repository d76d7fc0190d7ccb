import { describe, expect, it } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import { Cursor } from '@switchboard/shared/contracts';
import fc from 'fast-check';
import { decodeKey, decodePosition, encodeKey, encodePosition } from '../src/store/cursors.ts';

const id = '0193a1b2-0000-7000-8000-000000000001';
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const codeOf = (decode: () => unknown): unknown => {
  try {
    return decode();
  } catch (error) {
    return error instanceof Failure ? error.code : error;
  }
};

describe('a cursor', () => {
  it('comes back as it was made, and fits the contract', () => {
    const createdAt = new Date('2026-01-02T03:04:05.678Z');
    expect(decodeKey(encodeKey({ createdAt, id }))).toEqual({ createdAt: createdAt.toISOString(), id });
    fc.assert(fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (xact, position) => {
      const cursor = encodePosition({ xact, position });
      expect(decodePosition(cursor)).toEqual({ xact, position });
      expect(Cursor.parse(cursor)).toBe(cursor);
    }));
  });

  it('that is missing begins at the beginning', () => {
    expect(decodePosition(undefined)).toEqual({ xact: 0, position: 0 });
  });

  it.each(['', 'x', '!!', 'null', encoded(null), encoded([]), encoded({}), encoded('x'), encoded({ createdAt: 'yesterday', id }), encoded({ createdAt: '2026-01-02T03:04:05.678Z', id: "x' OR 1" }), encoded({ createdAt: '2026-01-02T03:04:05.678Z', id, more: 1 }), encoded({ xact: -1, position: 0 }), encoded({ xact: 1.5, position: 0 }), encoded({ xact: '1', position: 0 })])('that is made up is a mistake of form: %j', (cursor) => {
    expect(codeOf(() => decodeKey(cursor))).toBe('VALIDATION');
    expect(codeOf(() => decodePosition(cursor))).toBe('VALIDATION');
  });

  it('of one kind is none of the other', () => {
    expect(codeOf(() => decodePosition(encodeKey({ createdAt: new Date(), id })))).toBe('VALIDATION');
    expect(codeOf(() => decodeKey(encodePosition({ xact: 1, position: 1 })))).toBe('VALIDATION');
  });
});
