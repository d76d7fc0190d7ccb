import { cursorKind } from '@switchboard/shared/cursor';
import { z } from 'zod';

const Position = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

/** Of a page of deliveries, the latest first: the next page lies before this position. */
export const deliveryCursor = cursorKind(Position, String);
