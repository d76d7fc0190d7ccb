import { randomHex } from '../random.ts';
import type { Trace } from '../contracts/trace.ts';

export type { Trace } from '../contracts/trace.ts';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 0x01;

/** A trace that begins here, and of which nothing is recorded. */
export const newTrace = (): Trace => ({ traceId: randomHex(16), spanId: randomHex(8), isSampled: false });

export const traceparentOf = ({ traceId, spanId, isSampled }: Trace): string => `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;

/** What goes along with work whose trace is recorded. Of others nobody would look at it. */
export const recordedTraceparent = (trace: Trace): string | undefined => (trace.isSampled ? traceparentOf(trace) : undefined);

/** The trace that a `traceparent` names; undefined when it names none. */
export function readTraceparent(traceparent: unknown): Trace | undefined {
  const [, traceId, spanId, flags] = (typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : undefined) ?? [];
  if (traceId === undefined || spanId === undefined || isZero(traceId) || isZero(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags ?? '', 16) & SAMPLED) !== 0 };
}

const isZero = (id: string): boolean => /^0+$/.test(id);
