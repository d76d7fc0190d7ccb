import { decodeCursor, encodeCursor } from '@switchboard/shared/cursor';
import { LOG_START, type LogPosition } from '@switchboard/shared/log';
import { z } from 'zod';

// The cursors of chat-service hold JSON. Each `decode` throws VALIDATION for a cursor of another kind.

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('must be JSON');
    return z.NEVER;
  }
});
/** A moment that Postgres can store: `z.iso.datetime` alone allows the year 0. */
const Moment = z.iso.datetime().refine((text) => text >= '1970' && text < '9999');
const Key = json.pipe(z.strictObject({ at: Moment, id: z.uuid() }));
const Position = json.pipe(z.strictObject({ xact: z.int().nonnegative(), position: z.int().nonnegative() }));

/** The position of a chat in a list that is ordered by a moment. */
export const encodeKey = ({ at, id }: { at: Date; id: string }): string =>
  encodeCursor(JSON.stringify({ at: at.toISOString(), id }));
export const decodeKey = (cursor: string): z.output<typeof Key> => decodeCursor(Key, cursor);

/** A position in the log, in commit order. Without a cursor: before the first entry. */
export const encodePosition = ({ xact, position }: LogPosition): string =>
  encodeCursor(JSON.stringify({ xact, position }));
export const decodePosition = (cursor: string | undefined): LogPosition =>
  cursor === undefined ? LOG_START : decodeCursor(Position, cursor);
