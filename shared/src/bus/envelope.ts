import { z } from 'zod';
import { Actor, MachineName, Rev, SocketRef } from '../contracts/values.ts';
import { isErrorCode, type ErrorCode, type Failure, type FailureDetails } from '../errors.ts';
import { Json, jsonOf } from './json.ts';
import type { OpenSpan } from './spans.ts';

// Requests for one subject that leave in the same turn of the event loop travel in one NATS message, as an array, and so
// do answers that are ready in the same turn, one below the other. Each keeps its own id, time and trace.

/** One request on the wire. */
export const RequestEnvelope = z.object({
  id: z.int(),
  actor: Actor.optional(),
  /** The name of another system, instead of an actor. */
  machine: MachineName.optional(),
  socket: SocketRef.optional(),
  /** Milliseconds left when it was sent. Relative, so that clocks need not agree. */
  ttlMs: z.number().positive(),
  /** Absent for work of the caller's own, of which no span is made. */
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

/** What precedes an answer's reply. The reply follows a line break, as JSON that need not be read to be passed on; null below a failure. */
const ReplyMeta = z.object({ id: z.int(), failure: WireFailure.optional() });

export type Answer =
  | { readonly id: number; readonly failure: { readonly code: ErrorCode; readonly details?: FailureDetails | undefined } }
  | { readonly id: number; readonly reply: Json };

export const encodeReply = (id: number, reply: unknown): string => `{"id":${id}}\n${jsonOf(reply)}`;

export const encodeFailure = (id: number, { code, details }: Failure): string => `${JSON.stringify({ id, failure: { code, details } })}\nnull`;

/** The answers of one message, two lines each; what cannot be read is left out. */
export function decodeAnswers(text: string): Answer[] {
  const lines = text.split('\n');
  const answers: Answer[] = [];
  for (let line = 0; line + 1 < lines.length; line += 2) {
    const { data: meta } = ReplyMeta.safeParse(readJson(lines[line] ?? ''));
    if (meta?.failure !== undefined) answers.push({ id: meta.id, failure: meta.failure });
    else if (meta !== undefined) answers.push({ id: meta.id, reply: new Json(lines[line + 1] ?? 'null') });
  }
  return answers;
}

/** What precedes a room event's payload. The payload follows a line break, as JSON that need not be read to be passed on. */
export const RoomEventMeta = z.object({
  event: z.string(),
  /** Its number in the owner's log of the chat; durable events only. */
  rev: Rev.optional(),
  author: z.number().optional(),
  origin: z.string().optional(),
});
export type RoomEventMeta = z.output<typeof RoomEventMeta>;

export interface RoomEventFrame {
  readonly meta: RoomEventMeta;
  /** JSON. */
  readonly payload: string;
  /** Begun when it was heard, where its trace is recorded; whoever delivers it ends it. */
  readonly span?: OpenSpan | undefined;
}

export const encodeRoomEvent = ({ meta, payload }: Omit<RoomEventFrame, 'span'>): string => `${JSON.stringify(meta)}\n${payload}`;

export function decodeRoomEvent(frame: string): RoomEventFrame {
  const end = frame.indexOf('\n');
  return { meta: RoomEventMeta.parse(JSON.parse(frame.slice(0, end))), payload: frame.slice(end + 1) };
}

/** What a message holds; undefined when it is no JSON. A callback of NATS that throws would end the whole connection. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
