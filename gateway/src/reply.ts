import { Json, jsonOf, type Trace } from '@switchboard/shared/bus';
import { ERRORS, type Failure } from '@switchboard/shared/errors';
import type { ChatSocket } from './sockets.ts';

/** The callback that a client left for the answer to one event. */
export type Acknowledge = (response: unknown) => void;

/** A last argument that is a function is the acknowledgement callback; whatever else it is, it is data. */
export function takeAcknowledge(args: unknown[]): Acknowledge | undefined {
  const last = args.at(-1);
  if (typeof last !== 'function') return undefined;
  args.pop();
  return (response) => { Reflect.apply(last, undefined, [response]); };
}

export const acknowledgeWith = (acknowledge: Acknowledge, event: string, data: unknown, { traceId }: Trace): void => {
  acknowledge(new Json(`{"event":${JSON.stringify(event)},"data":${jsonOf(data)},"traceId":"${traceId}"}`));
};

export function refuse(socket: ChatSocket, acknowledge: Acknowledge | undefined, failure: Failure, { traceId }: Trace): void {
  const { code, details } = failure;
  const { sentence, retryable } = ERRORS[code];
  const about = { code, retryable, traceId, details };
  if (acknowledge !== undefined) acknowledge({ event: 'error', data: sentence, ...about });
  else socket.emit('error', sentence, about);
}
