import { z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import { MAX_TEXT_LENGTH } from './limits.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The id of an entity: a UUID, read in either case and written in lower case (RFC 9562, section 4). Any other
 * string reads like an unknown id (`missing`), so that no reply tells which ids exist.
 */
const id = (missing: ErrorCode) =>
  z
    .string()
    .toLowerCase()
    .refine((value) => UUID.test(value), { error: missing, params: { code: missing } })
    .meta({ format: 'uuid' });

export const ChatId = id('CHAT_NOT_FOUND');
export const MessageId = id('MESSAGE_NOT_FOUND');
export const FileId = id('FILE_NOT_FOUND');
export const WebhookId = id('WEBHOOK_NOT_FOUND');
/**
 * A point in the history of a chat: the `seq` of a message, 0 for the beginning, or a message's id. Any other
 * string names no point, which is not an error.
 */
export const HistoryPoint = z.union([z.string().max(200).toLowerCase(), z.int32().nonnegative()]);
export type HistoryPoint = z.output<typeof HistoryPoint>;

/** Postgres stores no NUL, and UTF-8 has no lone surrogates. */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/** From here on, numbers are of users whose id at the identity provider is none. */
export const FIRST_GIVEN_USER_ID = 9_000_000_000_000_000;

/** A user's id at the identity provider, or the number given to it: a positive safe integer. */
export const UserId = z.int().positive();

export const Role = z.enum(['client', 'admin']);
export type Role = z.output<typeof Role>;

/** The `jti` of a token, as its issuer made it. */
export const TokenId = z.string().min(1).max(255).refine(isStorable);

/**
 * As a token names it, and as others are told it: nothing in it that is not seen, or that piles up. Empty:
 * the token names none.
 */
export const Email = z
  .string()
  .max(320)
  .refine((email) => isStorable(email) && !/[\p{C}\p{M}]/u.test(email), {
    error: 'must be an address that can be shown',
  });

/** What others see of a user, as a token names it. */
export const DisplayName = z
  .string()
  .min(1)
  .max(200)
  .refine((name) => isStorable(name) && !/[\p{Cc}\p{Cf}]/u.test(name), {
    error: 'must be a name that can be shown',
  });

/** Who asks: taken from a verified token by the gateway, carried with every request. */
export const Actor = z.object({ id: UserId, email: Email, role: Role, name: DisplayName.optional() });
export type Actor = z.output<typeof Actor>;

/** Another system of the enterprise, as its token names it. */
export const MachineName = z.string().min(1).max(255).refine(isStorable);

/**
 * A gateway process: new with every start, so that a restarted gateway is never taken for its predecessor.
 */
export const GatewayId = z.uuid().toLowerCase();

/** The socket an actor asks through, where there is one. */
export const SocketRef = z.object({ id: z.string().min(1).max(64), gatewayId: GatewayId });
export type SocketRef = z.output<typeof SocketRef>;

export const ChatStatus = z.enum(['ACTIVE', 'CLOSED', 'PENDING']);
export type ChatStatus = z.output<typeof ChatStatus>;

/** ISO 8601, UTC, milliseconds. */
export const Timestamp = z.iso.datetime();

/** Position in one owner's log of one chat: 1, 2, 3 …; 0 = nothing yet. */
export const Rev = z.int().nonnegative();

/** A message's number in its chat, as it comes in. */
export const Seq = z.int32().positive();

/** One emoji, as Unicode recommends them for interchange (UTS #51, RGI). */
export const Emoji = z
  .string()
  .max(64)
  .refine((text) => /^\p{RGI_Emoji}$/v.test(text), { error: 'must be one emoji' });

/** How many rows a page may have. */
export const PageLimit = z.int().min(1).max(100);
/** The same, as it stands in a URL's query. */
export const PageLimitQuery = z
  .string()
  .regex(/^\d{1,3}$/)
  .transform(Number)
  .pipe(PageLimit);

/**
 * A client's name for one request, the same for its repeats. In the header it may stand in quotes.
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export const IdempotencyKey = z
  .string()
  .max(257)
  .regex(/^(?:"[!#-~]{1,255}"|[!#-~]{1,255})$/, { error: 'must be 1 to 255 visible ASCII characters' })
  .overwrite((key) => key.replaceAll('"', ''));

/** Where the next page begins; made by the owner, opaque to everyone else. See `cursorKind`. */
export const Cursor = z.string().min(1).max(200);

/**
 * What a person wrote: 1 to 8,000 characters (code points, as in JSON Schema), not blank, no NUL, well-formed
 * Unicode. Stored as it came.
 */
export const Text = z
  .string()
  .min(1)
  .max(MAX_TEXT_LENGTH, { abort: true })
  .refine(isStorable, { error: 'must be well-formed Unicode without NUL', abort: true })
  .refine((text) => !isBlank(text), { error: 'must not be blank' })
  .refine((text) => !pilesMarks(text), { error: 'must not pile more than 30 marks upon a letter' });

/**
 * Nothing a reader would see: white space, format and control characters, and the letters that are drawn as
 * nothing.
 */
const isBlank = (text: string): boolean =>
  /^[\s\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}\u{16fe4}]*$/u.test(text);

/** No script needs more: Unicode's Stream-Safe Text Format, UAX #15, section 13. */
const MAX_MARKS = 30;

/** Each character is looked at once, whatever stands before it. */
function pilesMarks(text: string): boolean {
  for (const [marks] of text.matchAll(/\p{M}+/gu))
    if (marks.length > MAX_MARKS && Array.from(marks).length > MAX_MARKS) return true;
  return false;
}

export const Sender = z.object({
  id: z.number(),
  email: z.string(),
  role: z.string(),
  name: z.string().optional(),
});
export type Sender = z.output<typeof Sender>;
