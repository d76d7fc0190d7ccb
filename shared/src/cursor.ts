import type { z } from 'zod';
import { Failure } from './errors.ts';

// A cursor is base64url of a text. It is opaque to clients: only the service that wrote the text reads it.

export const encodeCursor = (text: string): string => Buffer.from(text).toString('base64url');

/** The content of a cursor. Undefined when this service did not make it. */
export const tryDecodeCursor = <Content extends z.ZodType>(
  content: Content,
  cursor: string,
): z.output<Content> | undefined => content.safeParse(Buffer.from(cursor, 'base64url').toString()).data;

/** The content of a cursor. Throws VALIDATION when this service did not make it. */
export function decodeCursor<Content extends z.ZodType>(
  content: Content,
  cursor: string,
): NonNullable<z.output<Content>> {
  const decoded = tryDecodeCursor(content, cursor);
  if (decoded !== undefined && decoded !== null) return decoded;
  throw new Failure('VALIDATION', {
    issues: [{ path: 'cursor', problem: 'must be a cursor that the page before returned' }],
  });
}
