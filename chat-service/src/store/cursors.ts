import { jsonCursorKind } from '@switchboard/shared/cursor';
import { z } from 'zod';

/** A moment that Postgres can store, as `encode` writes it: `z.iso.datetime` alone allows the year 0. */
function isMoment(text: string): boolean {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString() === text && text >= '1970' && text < '9999';
}

/** The place of a chat in a list that is ordered by a moment. */
export const chatCursor = jsonCursorKind(
  z.strictObject({ at: z.iso.datetime().refine(isMoment), id: z.uuid() }),
);

/** A position in the log, in commit order. */
export const logCursor = jsonCursorKind(
  z.strictObject({ xact: z.int().nonnegative(), position: z.int().nonnegative() }),
);
