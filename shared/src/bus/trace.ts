import { randomBytes } from 'node:crypto';

/** W3C Trace Context: which trace this work belongs to, and the span that caused it. https://www.w3.org/TR/trace-context/ */
export interface Trace {
  readonly traceId: string;
  readonly traceparent: string;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

export function newTrace(): Trace {
  const traceId = randomBytes(16).toString('hex');
  return { traceId, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-00` };
}

/** The trace that a `traceparent` names; a new one when it names none. */
export function traceOf(traceparent: string | undefined): Trace {
  const traceId = traceparent === undefined ? undefined : TRACEPARENT.exec(traceparent)?.[1];
  return traceId === undefined || traceparent === undefined ? newTrace() : { traceId, traceparent };
}
