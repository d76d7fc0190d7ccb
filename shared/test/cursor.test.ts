import { describe, expect, it } from '@jest/globals';
import { requestContracts } from '@switchboard/shared/contracts';
import { cursorKind, jsonCursorKind } from '@switchboard/shared/cursor';
import fc from 'fast-check';
import { z } from 'zod';

const seqs = cursorKind(
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
  String,
);
const points = jsonCursorKind(z.strictObject({ at: z.string(), id: z.int().nonnegative() }));
const base64url = (text: string): string => Buffer.from(text).toString('base64url');

describe('a cursor', () => {
  it('decodes to what was encoded', () => {
    expect(seqs.encode(17)).toBe('.MTc');
    fc.assert(
      fc.property(fc.nat(999_999_999), (seq) => {
        expect(seqs.decode(seqs.encode(seq))).toBe(seq);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.maxSafeNat(), (at, id) => {
        expect(points.decode(points.encode({ at, id }))).toEqual({ at, id });
      }),
    );
  });

  it('of the release before, without a version, is read', () => {
    expect(seqs.decode(base64url('17'))).toBe(17);
    expect(points.decode(base64url('{"at":"x","id":1}'))).toEqual({ at: 'x', id: 1 });
  });

  it('is read by the release before, whose decoder skips the dot', () => {
    expect(Buffer.from(points.encode({ at: 'ß', id: 1 }), 'base64url').toString()).toBe('{"at":"ß","id":1}');
  });

  it.each([
    ...['', '.', '..MTc', '1.MTc', '2.MTc', '~MTc', '.MTc.', '.MTc=', '.MTd', 'MTd', '. MTc', '17', '.!!'],
    ...['x', '17 OR 1', '017', '-1', '1e3', '1.5', ' 17', '17\n', '١٧', '9999999999'].map(base64url),
  ])('is refused as VALIDATION of `cursor`, since no service made it: %j', (cursor) => {
    expect(seqs.tryDecode(cursor)).toBeUndefined();
    expect(() => seqs.decode(cursor)).toThrow(
      expect.objectContaining({
        code: 'VALIDATION',
        details: { issues: [{ path: 'cursor', problem: expect.any(String) }] },
      }),
    );
  });

  it.each([
    'null',
    '[]',
    '{}',
    '{"id":1,"at":"x"}',
    '{"at":"x","id":1,"more":1}',
    '{"at":"x","id":1} ',
    '"x"',
    '{',
  ])('of JSON is refused in another form: %j', (text) => {
    expect(points.tryDecode(base64url(text))).toBeUndefined();
  });

  it('is refused or canonical, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }).map(base64url)), (text) => {
        const content = seqs.tryDecode(text);
        if (content !== undefined) expect(seqs.encode(content).slice(1)).toBe(text.replace(/^\./, ''));
      }),
    );
  });
});

it('is an input of no request but those that their service fuzzes', () => {
  const inputs = requestContracts.filter(({ payload }) =>
    /"\w*cursor\w*":/i.test(JSON.stringify(z.toJSONSchema(payload, { io: 'input', unrepresentable: 'any' }))),
  );
  // In test/cursor-fuzz.test.ts of chat-service, message-service and infra/webhook-service.
  expect(inputs.map(({ subject }) => subject).sort()).toEqual([
    'chat.v1.list',
    'internal.chat.v1.readChanges',
    'message.v1.join',
    'message.v1.list',
    'message.v1.timeline',
    'webhook.v1.listDeliveries',
  ]);
});
