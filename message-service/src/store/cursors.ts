import { decodeCursor, encodeCursor, tryDecodeCursor } from '@switchboard/shared/cursor';
import { z } from 'zod';

const Before = z
  .string()
  .regex(/^before:[1-9]\d{0,9}$/)
  .transform((text) => Number(text.slice('before:'.length)))
  .pipe(z.int32());

/** Of a page of messages: the next page lies before this `seq`. */
export const encodeSeq = (seq: number): string => encodeCursor(`before:${seq}`);
/** Throws VALIDATION for a cursor that this service did not make. */
export const decodeSeq = (cursor: string): number => decodeCursor(Before, cursor);

/** How far a catch-up has come, and how far it goes. */
export interface LogPoint {
  readonly rev: number;
  readonly upTo: number;
}

const Point = z
  .string()
  .regex(/^log:\d{1,9}:\d{1,9}$/)
  .transform((text): LogPoint => {
    const [rev, upTo] = text.split(':').slice(1).map(Number);
    return { rev: rev ?? 0, upTo: upTo ?? 0 };
  })
  .refine(({ rev, upTo }) => rev <= upTo);

export const encodeLogPoint = ({ rev, upTo }: LogPoint): string => encodeCursor(`log:${rev}:${upTo}`);
/** Undefined for a cursor that this service did not make: the client then gets a snapshot. */
export const decodeLogPoint = (cursor: string): LogPoint | undefined => tryDecodeCursor(Point, cursor);
