import { decodeCursor, encodeCursor } from '@switchboard/shared/cursor';
import { z } from 'zod';

const Position = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

/** Of a page of deliveries, the latest first: the next page lies before this position. */
export const encodePosition = (position: number): string => encodeCursor(position.toString());
/** Throws VALIDATION for a cursor that this service did not make. */
export const decodePosition = (cursor: string): number => decodeCursor(Position, cursor);
