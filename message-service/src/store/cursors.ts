import { parse } from '@switchboard/shared/contracts';
import { z } from 'zod';

// Opaque to everyone else: the base64url of the `seq` before which the next page lies.

const SeqCursor = z.object({
  cursor: z
    .string()
    .transform((cursor) => Buffer.from(cursor, 'base64url').toString())
    .pipe(z.string().regex(/^before:[1-9]\d{0,9}$/, { error: 'is not a cursor of ours' }))
    .transform((text) => Number(text.slice('before:'.length)))
    .pipe(z.int32()),
});

export const encodeSeq = (seq: number): string => Buffer.from(`before:${seq.toString()}`).toString('base64url');

/** Throws VALIDATION for a cursor that this service did not make. */
export const decodeSeq = (cursor: string): number => parse(SeqCursor, { cursor }).cursor;
