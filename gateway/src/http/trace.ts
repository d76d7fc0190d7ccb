import { newTrace, type Trace } from '@switchboard/shared/telemetry';
import type { Telemetry } from '@switchboard/shared/runtime';
import type { Response } from 'express';

const localsOf = (response: Response): { trace?: Trace } => response.locals;

/** Call it first for each request. */
export const beginTrace = (response: Response, telemetry: Telemetry): Trace =>
  (localsOf(response).trace = telemetry.traceAtHand() ?? newTrace());

/** The trace of a request, which every problem document names. */
export const traceOf = (response: Response): Trace => (localsOf(response).trace ??= newTrace());
