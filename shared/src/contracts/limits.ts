// Constants for clients. No schema is imported here, so that a browser bundle can have them alone.

/** Of a message's text, in characters (code points). */
export const MAX_TEXT_LENGTH = 8_000;
/** Messages in the reply to `joinChat`, where it names no `limit`. */
export const JOIN_MESSAGES = 50;
/** Of one `joinChats`. */
export const MAX_BATCH_CHATS = 200;
/** Messages per chat in the reply to `joinChats`, where it names no `limit`. */
export const BATCH_MESSAGES = 10;
/**
 * What joining a chat costs of a rate limit, in events, by the messages that it may read: 1 for
 * `JOIN_MESSAGES`, never less than a tenth. Applied by message-service, and by the gateway to `joinChats`.
 */
export const joinCost = (limit = JOIN_MESSAGES): number => Math.max(limit / JOIN_MESSAGES, 0.1);
/** Of a token, in characters. The gateway refuses longer ones unread. */
export const MAX_TOKEN_LENGTH = 8 * 1024;
/** How long before the end of its token a socket receives `tokenExpiring`. */
export const TOKEN_WARNING_MS = 60_000;
/** After this long without renewal a user no longer types. */
export const TYPING_MS = 6_000;
