import { cursorKind } from '@switchboard/shared/cursor';
import { z } from 'zod';
import type { TimelinePoint } from '../domain/timeline.ts';

const Point = z
  .string()
  .regex(/^timeline:\d{1,9}:\d{1,9}$/)
  .transform((text): TimelinePoint => {
    const [seq, rev] = text.split(':').slice(1).map(Number);
    return { seq: seq ?? 0, rev: rev ?? 0 };
  })
  .refine(({ seq, rev }) => seq > 0 && rev > 0);

/** Of a page of the timeline: the next page lies before this point. */
export const timelineCursor = cursorKind(Point, ({ seq, rev }) => `timeline:${seq}:${rev}`);
