// Constants for clients. No schema is imported here, so that a browser bundle can have them alone.

/** Of a message's text, in characters (code points). */
export const MAX_TEXT_LENGTH = 8_000;
/** Of a token, in characters. The gateway refuses longer ones unread. */
export const MAX_TOKEN_LENGTH = 8 * 1024;
/** How long before the end of its token a socket receives `tokenExpiring`. */
export const TOKEN_WARNING_MS = 60_000;
/** After this long without renewal a user no longer types. */
export const TYPING_MS = 6_000;
