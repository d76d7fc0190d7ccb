import { cursorKind } from '@switchboard/shared/cursor';
import { z } from 'zod';

const Before = z
  .string()
  .regex(/^before:[1-9]\d{0,9}$/)
  .transform((text) => Number(text.slice('before:'.length)))
  .pipe(z.int32());

/** Of a page of messages: the next page lies before this `seq`. */
export const historyCursor = cursorKind(Before, (seq) => `before:${seq}`);

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

/** Of a page of a catch-up. A client whose cursor is invalid receives a snapshot. */
export const catchUpCursor = cursorKind(Point, ({ rev, upTo }) => `log:${rev}:${upTo}`);
