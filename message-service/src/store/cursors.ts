import { parse } from '@switchboard/shared/contracts';
import { z } from 'zod';

// Opaque to everyone else: base64url of the `seq` before which the next page lies, or of a way through the log.

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

/** How far a catch-up has come, and how far it goes. */
export interface LogPoint {
  readonly rev: number;
  readonly upTo: number;
}

export const encodeLogPoint = ({ rev, upTo }: LogPoint): string => Buffer.from(`log:${rev}:${upTo}`).toString('base64url');

/** Undefined for what this service did not make. */
export function decodeLogPoint(cursor: string): LogPoint | undefined {
  const [, rev, upTo] = /^log:(\d{1,9}):(\d{1,9})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  return rev === undefined || upTo === undefined || Number(rev) > Number(upTo) ? undefined : { rev: Number(rev), upTo: Number(upTo) };
}
