import { randomHex } from '../random.ts';
import type { Trace } from '../contracts/trace.ts';

export type { Trace } from '../contracts/trace.ts';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 0x01;

/** A new trace that is not recorded. */
export const newTrace = (): Trace => ({ traceId: randomHex(16), spanId: randomHex(8), isSampled: false });

export const traceparentOf = ({ traceId, spanId, isSampled }: Trace): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;

/** The `traceparent` of a recorded trace; undefined for others, to save the space. */
export const recordedTraceparent = (trace: Trace): string | undefined =>
  trace.isSampled ? traceparentOf(trace) : undefined;

/** The trace in a `traceparent`; undefined when it is invalid. */
export function readTraceparent(traceparent: unknown): Trace | undefined {
  const [, traceId, spanId, flags] =
    (typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : undefined) ?? [];
  if (traceId === undefined || spanId === undefined || isZero(traceId) || isZero(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags ?? '', 16) & SAMPLED) !== 0 };
}

const isZero = (id: string): boolean => /^0+$/.test(id);
