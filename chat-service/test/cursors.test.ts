import { describe, expect, it } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import { Cursor } from '@switchboard/shared/contracts';
import fc from 'fast-check';
import { chatCursor, logCursor } from '../src/store/cursors.ts';

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
  it('decodes to what was encoded, and satisfies the contract', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9998-12-31'), noInvalidDate: true }),
        (at) => {
          const cursor = chatCursor.encode({ at: at.toISOString(), id });
          expect(chatCursor.decode(cursor)).toEqual({ at: at.toISOString(), id });
          expect(Cursor.parse(cursor)).toBe(cursor);
        },
      ),
    );
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (xact, position) => {
        const cursor = logCursor.encode({ xact, position });
        expect(logCursor.decode(cursor)).toEqual({ xact, position });
        expect(Cursor.parse(cursor)).toBe(cursor);
      }),
    );
  });

  it.each([
    '',
    'x',
    '!!',
    'null',
    encoded(null),
    encoded([]),
    encoded({}),
    encoded('x'),
    encoded({ at: 'yesterday', id }),
    encoded({ at: '0000-01-01T00:00:00.000Z', id }),
    encoded({ at: '9999-12-31T23:59:59.999Z', id }),
    encoded({ at: '-000001-01-01T00:00:00Z', id }),
    encoded({ at: '2026-01-02T03:04:05Z', id }),
    encoded({ at: '2026-02-30T03:04:05.678Z', id }),
    encoded({ at: '2026-01-02T03:04:05.678Z', id: "x' OR 1" }),
    encoded({ at: '2026-01-02T03:04:05.678Z', id, more: 1 }),
    encoded({ xact: Number.MAX_SAFE_INTEGER + 2, position: 0 }),
    encoded({ xact: -1, position: 0 }),
    encoded({ xact: 1.5, position: 0 }),
    encoded({ xact: '1', position: 0 }),
  ])('that this service did not make is VALIDATION: %j', (cursor) => {
    expect(codeOf(() => chatCursor.decode(cursor))).toBe('VALIDATION');
    expect(codeOf(() => logCursor.decode(cursor))).toBe('VALIDATION');
  });

  it('of one kind is VALIDATION as the other kind', () => {
    expect(codeOf(() => logCursor.decode(chatCursor.encode({ at: new Date().toISOString(), id })))).toBe(
      'VALIDATION',
    );
    expect(codeOf(() => chatCursor.decode(logCursor.encode({ xact: 1, position: 1 })))).toBe('VALIDATION');
  });
});
