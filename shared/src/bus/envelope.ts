import type { Msg } from '@nats-io/transport-node';
import { z } from 'zod';
import { Actor, MachineName, Rev, SocketRef } from '../contracts/values.ts';
import { isErrorCode, type ErrorCode, type FailureDetails } from '../errors.ts';
import type { OpenSpan } from './spans.ts';

// Requests for one subject that leave in the same turn of the event loop travel in one NATS message, as an array, and so
// do answers that are ready in the same turn. Each keeps its own id, time and trace.

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

/** One answer on the wire: exactly one of `reply` and `failure`. */
export const ReplyEnvelope = z.union([
  z.object({ id: z.int(), failure: WireFailure }),
  z.object({ id: z.int(), reply: z.unknown() }),
]);
export type ReplyEnvelope = { id: number; failure: { code: ErrorCode; details?: FailureDetails | undefined } } | { id: number; reply?: unknown };

export const ReplyBatch = z.array(ReplyEnvelope);

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
export function readJson(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}
