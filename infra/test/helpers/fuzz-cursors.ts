import { Failure } from '@switchboard/shared/errors';
import type { RequestContract } from '@switchboard/shared/contracts';
import fc from 'fast-check';
import type { z } from 'zod';

type TakesCursor<C extends RequestContract> = string extends keyof z.input<C['payload']>
  ? false
  : 'cursor' extends keyof z.input<C['payload']>
    ? true
    : false;

/** The requests of an owner that take a cursor. A new one does not compile until its service fuzzes it. */
export type CursorInputs<Contracts extends Record<string, RequestContract>> = keyof {
  [Name in keyof Contracts as TakesCursor<Contracts[Name]> extends true ? Name : never]: unknown;
};

const base64url = (text: string): string => Buffer.from(text).toString('base64url');
const textOf = (cursor: string): string => Buffer.from(cursor, 'base64url').toString();
const NUMBERS = [
  '0',
  '-1',
  '1.5',
  '1e9',
  '2147483647',
  '2147483648',
  '9007199254740992',
  '99999999999999999999',
];

const moments = fc.oneof(
  fc
    .constantFrom('0000-01-01', '0001-02-30', '1969-12-31', '9999-12-31')
    .map((day) => `${day}T23:59:59.999Z`),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
);

/** What a client may send in place of a cursor that a service returned. */
function cursors(valid: readonly string[]): fc.Arbitrary<string> {
  const known = fc.constantFrom(...valid);
  const bent = fc
    .tuple(known, fc.nat(), fc.string({ maxLength: 2 }), fc.nat(2))
    .map(([cursor, at, part, cut]) => {
      const start = at % (cursor.length + 1);
      return cursor.slice(0, start) + part + cursor.slice(start + cut);
    });
  // A moment or a number of the text changes; the encoding stays right.
  const shifted = fc
    .tuple(known, fc.nat(3), fc.constantFrom(...NUMBERS), moments)
    .map(([cursor, at, number, moment]) => {
      const text = textOf(cursor);
      const parts = [...text.matchAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|\d+/g)];
      const { index = 0, 0: part = '' } = parts[at % Math.max(1, parts.length)] ?? {};
      return base64url(
        text.slice(0, index) + (part.endsWith('Z') ? moment : number) + text.slice(index + part.length),
      );
    });
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.record({ at: moments, id: fc.uuid() }).map((value) => JSON.stringify(value)),
    fc.record({ xact: fc.double(), position: fc.bigInt().map(String) }).map((value) => JSON.stringify(value)),
    fc.tuple(fc.constantFrom('before', 'log'), fc.integer(), fc.integer()).map((parts) => parts.join(':')),
    fc.constantFrom(...NUMBERS),
  );
  const version = fc.constantFrom('', '.', '.', '..', '2.');
  return fc
    .oneof(
      fc.string({ unit: 'binary' }),
      bent,
      shifted,
      fc.tuple(version, shifted).map((parts) => parts.join('')),
      fc.tuple(version, texts.map(base64url)).map((parts) => parts.join('')),
    )
    .filter((cursor) => Buffer.from(cursor).toString() === cursor);
}

/**
 * Sends random texts, random structures in base64url and changed valid cursors: each is answered with a
 * page or with VALIDATION. `valid`: cursors that the service returned, and they are
 * read without their version too.
 */
export async function fuzzCursors(
  valid: readonly string[],
  read: (cursor: string) => Promise<unknown>,
): Promise<void> {
  for (const cursor of valid) {
    for (const form of [cursor, cursor.replace(/^\./, '')])
      if ((await answerTo(() => read(form))) !== 'page')
        throw new Error(`the service refuses its own cursor ${form}`);
  }
  const seen = { page: 0, VALIDATION: 0 };
  await fc.assert(
    fc.asyncProperty(cursors(valid), async (cursor) => {
      const code = await answerTo(() => read(cursor));
      seen[code] += 1;
    }),
    { numRuns: 150 },
  );
  if (seen.page === 0) throw new Error('the fuzz made no cursor that the service reads');
}

/** Throws everything that no cursor may cause. Repeats a request whose reply is late on a busy machine. */
async function answerTo(request: () => Promise<unknown>, attempts = 5): Promise<'page' | 'VALIDATION'> {
  try {
    await request();
    return 'page';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'VALIDATION') return 'VALIDATION';
    if (error.code === 'TIMEOUT' && attempts > 1) return answerTo(request, attempts - 1);
    throw error;
  }
}
