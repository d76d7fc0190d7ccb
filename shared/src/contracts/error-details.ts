import { z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import { CHAT_ID, ADMIN } from './examples.ts';
import { ChatId, ChatStatus, UserId } from './values.ts';

/** A field that is wrong; the path is empty where the whole input is. */
export const Issue = z.object({ path: z.string(), problem: z.string() });

interface ErrorDetails {
  readonly description: string;
  readonly details: z.ZodType;
  /** Its schema accepts it; a test checks that. */
  readonly example: unknown;
}

/** What the `details` of an error hold, by code. A code without an entry has none. */
export const errorDetails = {
  VALIDATION: {
    description: '`issues`: the fields that are wrong; an empty `path` is the whole input.',
    details: z.object({ issues: z.array(Issue) }),
    example: { issues: [{ path: 'limit', problem: 'Too big: expected number to be <=100' }] },
  },
  CHAT_CONFLICT: {
    description: '`status` and `adminId`: the state of the chat.',
    details: z.object({ status: ChatStatus, adminId: UserId.optional() }),
    example: { status: 'ACTIVE', adminId: ADMIN.id },
  },
  MESSAGE_CONFLICT: {
    description: '`version`: that of the message as it is now.',
    details: z.object({ version: z.int().positive() }),
    example: { version: 3 },
  },
  TOO_MANY_CHATS: {
    description: '`limit`: how many open chats a client may have. `chatId`: the newest of them.',
    details: z.object({ limit: z.int().positive(), chatId: ChatId.optional() }),
    example: { limit: 20, chatId: CHAT_ID },
  },
  UNSUPPORTED_MEDIA_TYPE: {
    description: '`accepted`: the content types that the route reads, as in the header `Accept`.',
    details: z.object({ accepted: z.array(z.string()) }),
    example: { accepted: ['application/json', 'application/merge-patch+json'] },
  },
  RATE_LIMITED: {
    description: '`retryAfterMs`: when to try again, in milliseconds from now.',
    details: z.object({ retryAfterMs: z.int().positive() }),
    example: { retryAfterMs: 800 },
  },
} as const satisfies Partial<Record<ErrorCode, ErrorDetails>>;
