import { expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor, tryDecodeCursor } from '@switchboard/shared/cursor';
import { z } from 'zod';

const Seq = z.string().regex(/^\d+$/).transform(Number);

it('decodes the content that was encoded', () => {
  expect(encodeCursor('17')).toBe('MTc');
  expect(decodeCursor(Seq, encodeCursor('17'))).toBe(17);
  expect(decodeCursor(Seq, encodeCursor('0'))).toBe(0);
});

it.each(['', '!!', '17', encodeCursor('x'), encodeCursor('17 OR 1')])(
  'rejects %j, which the service did not make, as VALIDATION of `cursor`',
  (cursor) => {
    expect(tryDecodeCursor(Seq, cursor)).toBeUndefined();
    expect(() => decodeCursor(Seq, cursor)).toThrow(
      expect.objectContaining({
        code: 'VALIDATION',
        details: { issues: [{ path: 'cursor', problem: expect.any(String) }] },
      }),
    );
  },
);
