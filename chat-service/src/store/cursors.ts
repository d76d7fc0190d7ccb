import { parse } from '@switchboard/shared/contracts';
import { LOG_START, type LogPosition } from '@switchboard/shared/log';
import { z } from 'zod';

// Cursors are opaque to everyone else: base64url of JSON. One that this service did not make is a VALIDATION failure.

const Key = z.strictObject({ createdAt: z.iso.datetime(), id: z.uuid() });
const Position = z.strictObject({ xact: z.int().nonnegative(), position: z.int().nonnegative() });

const decoded = z.string().transform((cursor, context): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    context.addIssue('is not a cursor of ours');
    return z.NEVER;
  }
});
const KeyCursor = z.object({ cursor: decoded.pipe(Key) });
const PositionCursor = z.object({ cursor: decoded.pipe(Position) });

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The place of a chat in a list. */
export const encodeKey = ({ createdAt, id }: { createdAt: Date; id: string }): string => encode({ createdAt: createdAt.toISOString(), id });
export const decodeKey = (cursor: string): z.output<typeof Key> => parse(KeyCursor, { cursor }).cursor;

/** A place in the log, in commit order; before the first entry when there is no cursor. */
export const encodePosition = ({ xact, position }: LogPosition): string => encode({ xact, position });
export const decodePosition = (cursor: string | undefined): LogPosition =>
  cursor === undefined ? LOG_START : parse(PositionCursor, { cursor }).cursor;
