import { z } from 'zod';
import { Actor, MachineName, Rev, SocketRef } from '../contracts/values.ts';
import { isErrorCode, type ErrorCode, type Failure, type FailureDetails } from '../errors.ts';
import { Json, jsonOf } from './json.ts';
import type { OpenSpan } from '../telemetry/spans.ts';

// Requests for one subject that leave in the same tick share one NATS message, as a JSON array. Replies of
// one tick share one as well, one below the other. Each keeps its own id, deadline and trace.

/** One request on the wire. */
export const RequestEnvelope = z.object({
  id: z.int(),
  actor: Actor.optional(),
  /** The name of the system that calls, instead of an actor. */
  machine: MachineName.optional(),
  socket: SocketRef.optional(),
  /** Milliseconds left when the request left. Relative, so that clocks need not agree. */
  ttlMs: z.number().positive(),
  /** Absent for the caller's own work, which has no spans. */
  traceparent: z.string().optional(),
  origin: z.string().optional(),
  payload: z.unknown(),
});
export type RequestEnvelope = z.output<typeof RequestEnvelope>;

export const RequestBatch = z.array(z.unknown());

const WireFailure = z.object({
  code: z.string().transform((code): ErrorCode => (isErrorCode(code) ? code : 'INTERNAL')),
  details: z.record(z.string(), z.unknown()).optional(),
});

/**
 * The first line of a reply. The second is the reply's JSON, so that it can be passed on unparsed; null
 * below a failure.
 */
const ReplyMeta = z.object({
  id: z.int(),
  failure: WireFailure.optional(),
  /** The request waited while its replica stood still. Callers of the version before read the failure. */
  notExecuted: z.literal(true).optional(),
});

export type WireReply =
  | { readonly id: number; readonly notExecuted: true }
  | {
      readonly id: number;
      readonly failure: { readonly code: ErrorCode; readonly details?: FailureDetails | undefined };
    }
  | { readonly id: number; readonly reply: Json };

export const encodeReply = (id: number, reply: unknown): string => `{"id":${id}}\n${jsonOf(reply)}`;

export const encodeFailure = (id: number, { code, details }: Failure): string =>
  `${JSON.stringify({ id, failure: { code, details } })}\nnull`;

export const encodeNotExecuted = (id: number): string =>
  `${JSON.stringify({ id, notExecuted: true, failure: { code: 'UNAVAILABLE' } })}\nnull`;

/** The replies of one message, two lines each. Skips what it cannot parse. */
export function decodeReplies(text: string): WireReply[] {
  const lines = text.split('\n');
  const replies: WireReply[] = [];
  for (let line = 0; line + 1 < lines.length; line += 2) {
    const { data: meta } = ReplyMeta.safeParse(readJson(lines[line] ?? ''));
    if (meta?.notExecuted === true) replies.push({ id: meta.id, notExecuted: true });
    else if (meta?.failure !== undefined) replies.push({ id: meta.id, failure: meta.failure });
    else if (meta !== undefined) replies.push({ id: meta.id, reply: new Json(lines[line + 1] ?? 'null') });
  }
  return replies;
}

/** The name that the last release of the package gave it; kept for one version. */
export const decodeAnswers = decodeReplies;

/** The first line of a room event. The second is the payload's JSON, so that it can be passed on unparsed. */
export const RoomEventMeta = z.object({
  event: z.string(),
  /** Its number in the owner's log of the chat; durable events only. */
  rev: Rev.optional(),
  author: z.number().optional(),
  /** The socket that caused it. */
  socketId: z.string().optional(),
  /** As in LogEntry. */
  afterRev: Rev.optional(),
  origin: z.string().optional(),
});
export type RoomEventMeta = z.output<typeof RoomEventMeta>;

export interface RoomEventFrame {
  readonly meta: RoomEventMeta;
  /** JSON. */
  readonly payload: string;
  /** Began when the gateway received the event, if its trace is recorded; delivery ends it. */
  readonly span?: OpenSpan | undefined;
}

export const encodeRoomEvent = ({ meta, payload }: Omit<RoomEventFrame, 'span'>): string =>
  `${JSON.stringify(meta)}\n${payload}`;

export function decodeRoomEvent(frame: string): RoomEventFrame {
  const end = frame.indexOf('\n');
  return { meta: RoomEventMeta.parse(JSON.parse(frame.slice(0, end))), payload: frame.slice(end + 1) };
}

/** The parsed JSON, or undefined: an error in a NATS callback would end the whole connection. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
