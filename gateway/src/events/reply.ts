import { Json, jsonOf } from '@switchboard/shared/bus';
import { newTrace, type Trace } from '@switchboard/shared/telemetry';
import { ERRORS, Failure } from '@switchboard/shared/errors';
import type { ChatSocket } from '../connection/sockets.ts';

/** The reply to one event. `afterSend` runs once it was handed to the socket, in the same tick. */
export interface Reply {
  readonly data: unknown;
  readonly afterSend?: (() => void) | undefined;
}

/** The acknowledgement callback of one event. */
export type Acknowledge = (response: unknown) => void;

/** Removes the acknowledgement callback from `args`: a last argument that is a function. */
export function popAcknowledge(args: unknown[]): Acknowledge | undefined {
  const last = args.at(-1);
  if (typeof last !== 'function') return undefined;
  args.pop();
  return (response) => {
    Reflect.apply(last, undefined, [response]);
  };
}

export const acknowledgeWith = (
  acknowledge: Acknowledge,
  event: string,
  data: unknown,
  { traceId }: Trace,
): void => {
  acknowledge(new Json(`{"event":${JSON.stringify(event)},"data":${jsonOf(data)},"traceId":"${traceId}"}`));
};

/** Tells a socket why it is about to close: its frame was never read, so no event of it has a callback. */
export const refuseFrame = (socket: ChatSocket): void => {
  replyWithError(socket, undefined, new Failure('TOO_LARGE'), newTrace());
};

/** Replies with an error: on the callback, else as the event `error`. */
export function replyWithError(
  socket: ChatSocket,
  acknowledge: Acknowledge | undefined,
  failure: Failure,
  { traceId }: Trace,
): void {
  const { code, details } = failure;
  const { sentence, retryable } = ERRORS[code];
  const about = { code, retryable, traceId, details };
  if (acknowledge !== undefined) acknowledge({ event: 'error', data: sentence, ...about });
  else socket.emit('error', sentence, about);
}
