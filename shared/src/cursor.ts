import { z } from 'zod';
import { Failure } from './errors.ts';

/**
 * A cursor says where the next page begins: `.` and base64url of a text. It is opaque to everyone but the
 * service that made it.
 *
 * The version stands before the dot, and nothing stands there for the first one. The release before wrote no
 * version and no dot, and its decoder skips a dot. So both releases read the cursors of both, during a
 * deployment and after a rollback. Clients hold a cursor for minutes, but a `ChatProjection` stores one until
 * the next change of a chat: `decode` reads cursors without a version until a release has rewritten that row.
 *
 * A cursor holds a position and nothing else, and every read judges access by itself. A forged cursor shows
 * only what other pages show, so it needs no signature. State that a service would trust (rights, filters,
 * counters) does not belong in a cursor.
 */
export interface CursorKind<Content> {
  encode(content: Content): string;
  /** Undefined for a text that `encode` of this kind did not return. */
  tryDecode(cursor: string): Content | undefined;
  /** Throws VALIDATION for a text that `encode` of this kind did not return. */
  decode(cursor: string): Content;
}

/**
 * `read` parses the text and bounds each number to what its column holds. `write` is its inverse; a text that
 * `write` would write otherwise is refused.
 */
export function cursorKind<Content>(
  read: z.ZodType<Content, string>,
  write: (content: Content) => string,
): CursorKind<Content> {
  const tryDecode = (cursor: string): Content | undefined => {
    const text = textOf(cursor);
    const content = text === undefined ? undefined : read.safeParse(text).data;
    return content !== undefined && write(content) === text ? content : undefined;
  };
  return {
    encode: (content) => `.${base64url(write(content))}`,
    tryDecode,
    decode(cursor) {
      const content = tryDecode(cursor);
      if (content !== undefined) return content;
      throw new Failure('VALIDATION', {
        issues: [{ path: 'cursor', problem: 'must be a cursor that the page before returned' }],
      });
    },
  };
}

/** A cursor whose text is JSON with the fields of `content`, in their order. */
export const jsonCursorKind = <Shape extends z.ZodRawShape>(content: z.ZodObject<Shape>) =>
  cursorKind<z.output<typeof content>>(Json.pipe(content), (value) => JSON.stringify(value));

const Json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('must be JSON');
    return z.NEVER;
  }
});

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

/** Undefined for another version, and for a text that is not canonical base64url of UTF-8. */
function textOf(cursor: string): string | undefined {
  const body = cursor.startsWith('.') ? cursor.slice(1) : cursor;
  const text = Buffer.from(body, 'base64url').toString();
  return base64url(text) === body ? text : undefined;
}
